"""audit.record: what an entry says, and that it lives and dies with its transaction."""

import threading
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

import pytest
from django.db import connection, transaction

from apps.audit import chain, services, triggers
from apps.audit.models import GENESIS, Entry, Head
from mlregistry.actor import Actor, ActorKind, system
from mlregistry.errors import InternalError
from mlregistry.levels import Level

ROBOT = Actor(username="robot", kind=ActorKind.SERVICE_ACCOUNT, user_id=7, owner="ada", token_id=3, address="192.0.2.1")


class Colour(Enum):
    RED = "red"


def record_and_fail() -> None:
    services.record("tests.undone", by=ROBOT)
    raise RuntimeError


@pytest.mark.django_db
def test_an_entry_names_the_actor_the_action_the_target_and_the_details() -> None:
    target = Head.objects.get()
    with transaction.atomic():
        services.record("tests.thing.change", target=target, by=ROBOT, was=1, now=[2, None])
    entry = Entry.objects.get()
    assert (entry.username, entry.kind, entry.user_id, entry.owner, entry.token_id, entry.address) == (
        "robot",
        "service_account",
        7,
        "ada",
        3,
        "192.0.2.1",
    )
    assert entry.action == "tests.thing.change"
    assert (entry.target_type, entry.target_id) == ("audit.head", "1")
    assert entry.details == {"was": 1, "now": [2, None]}


@pytest.mark.django_db
def test_entries_are_numbered_from_one_and_each_carries_the_hash_before_it() -> None:
    with transaction.atomic():
        entries = [services.record("tests.count", by=ROBOT, number=number) for number in range(3)]
    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert [entry.previous for entry in entries] == [GENESIS, entries[0].hash, entries[1].hash]
    assert chain.verify() == chain.Verdict(entries=3, head=entries[2].hash)


@pytest.mark.django_db(transaction=True)
def test_recording_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        services.record("tests.thing.change", by=ROBOT)
    assert not Entry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["", "create", "Tests.create", "tests.", "tests create", "tests.create\n"])
def test_an_action_that_does_not_read_namespace_verb_is_refused(action: str) -> None:
    with pytest.raises(ValueError, match="namespace"), transaction.atomic():
        services.record(action, by=ROBOT)


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_takes_its_entry_with_it_and_leaves_no_gap() -> None:
    with transaction.atomic():
        services.record("tests.first", by=ROBOT)
    with pytest.raises(RuntimeError), transaction.atomic():
        record_and_fail()
    with transaction.atomic():
        services.record("tests.second", by=ROBOT)
    assert list(Entry.objects.order_by("sequence").values_list("sequence", "action")) == [
        (1, "tests.first"),
        (2, "tests.second"),
    ]
    assert chain.verify().entries == 2


@pytest.mark.django_db(transaction=True)
def test_an_undone_savepoint_leaves_the_chain_whole() -> None:
    with transaction.atomic():
        services.record("tests.first", by=ROBOT)
        with pytest.raises(RuntimeError), transaction.atomic():
            record_and_fail()
        services.record("tests.second", by=ROBOT)
    assert chain.verify().entries == 2


@pytest.mark.django_db(transaction=True)
def test_the_chain_stays_in_order_under_concurrent_writers() -> None:
    start = threading.Barrier(8)

    def write(writer: int) -> None:
        start.wait()
        for number in range(10):
            with transaction.atomic():
                services.record("tests.race", by=system("race"), writer=writer, number=number)
        connection.close()

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, range(8)))
    assert chain.verify().entries == 80


@pytest.mark.django_db
@pytest.mark.parametrize(
    "detail",
    [
        1.0,
        0.1,
        1e16,
        1e-7,
        1e300,
        -0.0,
        float("nan"),
        float("inf"),
        2**63,
        True,
        "nul \x00 byte",
        "lone \ud800 surrogate",
        "ünïcode \U0001f600 \u2028",
        {"b": 1, "a": {"ü": (1, 2)}, 3: None},
        {"one"},
        Level.EDIT,
        Colour.RED,
        ActorKind.PERSON,
        b"bytes",
    ],
    ids=repr,
)
def test_whatever_the_details_hold_the_chain_verifies_when_read_back(detail: object) -> None:
    with transaction.atomic():
        services.record("tests.detail", by=ROBOT, detail=detail)
    assert chain.verify().entries == 1


@pytest.mark.django_db
def test_a_hostile_name_is_recorded_as_far_as_it_goes() -> None:
    hostile = Actor(username="\x00" + "a" * 500 + "\ud800", kind=ActorKind.PERSON, address="x" * 500)
    with transaction.atomic():
        services.record("tests.hostile", by=hostile)
    entry = Entry.objects.get()
    assert entry.username == "\N{REPLACEMENT CHARACTER}" + "a" * 149
    assert len(entry.address) == 100
    assert chain.verify().entries == 1


@pytest.mark.django_db
def test_levels_and_choices_are_recorded_by_name() -> None:
    with transaction.atomic():
        services.record("tests.detail", by=ROBOT, level=Level.EDIT, kind=ActorKind.PERSON)
    assert Entry.objects.get().details == {"level": "EDIT", "kind": "person"}


@pytest.mark.django_db
def test_without_a_head_nothing_can_be_recorded() -> None:
    triggers.remove(connection)
    Head.objects.all().delete()
    with pytest.raises(InternalError, match="audit verify"), transaction.atomic():
        services.record("tests.lost", by=ROBOT)
