"""manage.py audit verify: whoever got past the triggers is found."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.audit import chain, services, triggers
from apps.audit.models import Entry, Head
from mlregistry.actor import system

pytestmark = pytest.mark.django_db


@pytest.fixture
def tampering() -> Iterator[None]:
    """Ten entries, and a database superuser who has taken the triggers away."""
    with transaction.atomic():
        for number in range(10):
            services.record("tests.entry", by=system("tests"), number=number)
    triggers.remove(connection)
    yield
    triggers.install(connection)


def said() -> str:
    out = StringIO()
    call_command("audit", "verify", stdout=out)
    return out.getvalue()


def complaint() -> str:
    with pytest.raises(CommandError) as refused:
        call_command("audit", "verify")
    assert refused.value.returncode == 1
    return str(refused.value)


def test_an_empty_chain_is_whole() -> None:
    assert said().startswith("0 entries")


def test_a_whole_chain_is_told_by_its_length_and_head(tampering: None) -> None:
    assert said() == f"10 entries, each as it was written. Head: {Entry.objects.get(sequence=10).hash}\n"


def test_the_chain_is_walked_in_stretches_without_losing_an_entry(
    tampering: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "STRETCH", 3)
    assert chain.verify().entries == 10


CHANGES: list[dict[str, object]] = [
    {"time": "2020-01-01T00:00:00Z"},
    {"action": "tests.other"},
    {"username": "mallory"},
    {"kind": "person"},
    {"user_id": 1},
    {"owner": "mallory"},
    {"token_id": 1},
    {"address": "192.0.2.9"},
    {"target_type": "audit.head"},
    {"target_id": "9"},
    {"target_name": "other"},
    {"details": {"number": 99}},
    {"previous": "0" * 64},
    {"hash": "0" * 64},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_a_changed_field_shows(tampering: None, change: dict[str, object]) -> None:
    Entry.objects.filter(sequence=5).update(**change)
    assert "Entry 5 (tests." in complaint()


def test_a_changed_entry_with_its_hash_made_anew_shows_in_the_next(tampering: None) -> None:
    entry = Entry.objects.get(sequence=5)
    entry.username = "mallory"
    entry.hash = entry.seal()
    entry.save()
    assert complaint() == "Entry 6 (tests.entry) does not follow entry 5."


def test_a_rewritten_last_entry_shows(tampering: None) -> None:
    entry = Entry.objects.get(sequence=10)
    entry.username = "mallory"
    entry.hash = entry.seal()
    entry.save()
    assert complaint() == "Entry 10 is not the one that the head names."


def test_a_deleted_entry_shows(tampering: None) -> None:
    Entry.objects.filter(sequence=4).delete()
    assert complaint() == "Entry 4 is missing."


def test_a_deleted_first_entry_shows(tampering: None) -> None:
    Entry.objects.filter(sequence=1).delete()
    assert complaint() == "Entry 1 is missing."


def test_a_deleted_entry_with_the_rest_moved_up_shows(tampering: None) -> None:
    Entry.objects.filter(sequence=4).delete()
    for sequence in range(5, 11):
        Entry.objects.filter(sequence=sequence).update(sequence=sequence - 1)
    assert complaint().startswith("Entry 4 (tests.entry) was changed")


def test_two_entries_in_each_others_place_show(tampering: None) -> None:
    for was, now in ((3, 1000), (7, 3), (1000, 7)):
        Entry.objects.filter(sequence=was).update(sequence=now)
    assert complaint().startswith("Entry 3 (tests.entry) was changed")


def test_a_cut_tail_shows(tampering: None) -> None:
    Entry.objects.filter(sequence__gt=8).delete()
    assert complaint() == "Entry 9 is missing: the chain ends at 8, its head counts 10."


def test_an_emptied_chain_shows(tampering: None) -> None:
    Entry.objects.all().delete()
    assert complaint() == "Entry 1 is missing: the chain ends at 0, its head counts 10."


def test_a_missing_head_shows(tampering: None) -> None:
    Head.objects.all().delete()
    assert complaint() == "The head of the chain is missing."


@pytest.mark.parametrize("sequence", [0, -1, 11, 50])
def test_an_entry_slipped_in_outside_the_chain_shows(tampering: None, sequence: int) -> None:
    stranger = Entry.objects.get(sequence=10)
    stranger.sequence = sequence
    stranger.hash = stranger.seal()
    stranger.save(force_insert=True)
    assert complaint() == f"Entry {sequence} (tests.entry) was added behind the chain's back."


@pytest.mark.django_db(transaction=True)
def test_a_walk_beside_writers_finds_nothing_wrong() -> None:
    done = threading.Event()

    def write(writer: int) -> None:
        try:
            for number in range(40):
                with transaction.atomic():
                    services.record("tests.beside", by=system("tests"), writer=writer, number=number)
        finally:
            connection.close()

    def walk() -> int:
        walks = 0
        try:
            while not done.is_set():
                chain.verify()
                walks += 1
        finally:
            connection.close()
        return walks

    with ThreadPoolExecutor(3) as threads:
        walker = threads.submit(walk)
        try:
            list(threads.map(write, range(2)))
        finally:
            done.set()
    assert walker.result() > 0
    assert chain.verify().entries == 80
