"""The record's pages: narrowed down, paged, opened entry by entry, exported; to administrators and auditors alone."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.audit import services
from apps.audit.models import Entry
from mlregistry.actor import Actor, ActorKind, system

pytestmark = pytest.mark.django_db
PAGE, EXPORT = "/admin/audit/", "/admin/audit/export/"
SCRIPT = "<script>window.fired = 1</script>"
ADA = Actor(username="ada", kind=ActorKind.PERSON, user_id=1, address="192.0.2.1")


def sign_in(client: Client, user: User) -> Client:
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def record(action: str, *, by: Actor = ADA, target: User | None = None, **details: Any) -> Entry:
    with transaction.atomic():
        return services.record(action, target=target, by=by, **details)


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def auditor(client: Client, root: User) -> Client:
    sign_in(client, root)
    record("accounts.team.add_member", target=root, member="bob")
    record("accounts.sign_in.fail", by=Actor(username="anonymous", kind=ActorKind.SYSTEM), username=SCRIPT)
    record("tracking.experiment.rename", by=system("tests"), old="=cmd()")
    record("accounts.person.set_email", target=root)
    return client


def shown(page: Client, **asked: str) -> list[str]:
    return [entry.action for entry, _ in page.get(PAGE, asked).context["rows"]]


def test_entries_are_sentences_newest_first(auditor: Client) -> None:
    html = auditor.get(PAGE).content.decode()
    assert '<bdi class="said">ada</bdi> put <bdi class="said">bob</bdi> into' in html
    assert SCRIPT not in html
    assert shown(auditor)[0] == "accounts.person.set_email"


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"person": "ada"}, 2),
        ({"action": "accounts.sign_in.fail"}, 1),
        ({"action": "accounts."}, 4),
        ({"kind": "accounts.user"}, 3),
        ({"text": "root"}, 3),
        ({"text": "roo"}, 0),
        ({"text": "tracking.experiment.rename"}, 1),
        ({"since": "2020-01-01"}, 5),
        ({"until": "2020-01-01"}, 0),
        ({"since": "2020-01-01", "until": "2999-01-01", "person": "ada", "kind": "accounts.user"}, 2),
        ({"person": "no\0body"}, 0),
    ],
)
def test_the_record_is_narrowed_down(auditor: Client, asked: dict[str, str], count: int) -> None:
    assert len(shown(auditor, **asked)) == count


def test_what_a_service_account_did_is_found_under_who_answers_for_it(auditor: Client) -> None:
    record("accounts.person.set_email", by=Actor(username="ci", kind=ActorKind.SERVICE_ACCOUNT, owner="ada"))
    assert len(shown(auditor, person="ada")) == 3


@pytest.mark.parametrize("asked", [{"since": "yesterday"}, {"until": "2026-02-30"}, {"page": "forged"}])
def test_what_cannot_be_asked_is_refused(auditor: Client, asked: dict[str, str]) -> None:
    assert auditor.get(PAGE, asked).status_code == 400


def test_pages_follow_one_another_without_a_count(auditor: Client) -> None:
    for number in range(60):
        record("accounts.person.set_email", number=number)
    with CaptureQueriesContext(connection) as queries:
        first = auditor.get(PAGE)
    assert not [query for query in queries if "COUNT(" in query["sql"].upper()]
    rest = auditor.get(PAGE, {"page": first.context["next"]})
    numbers = [entry.sequence for page in (first, rest) for entry, _ in page.context["rows"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == Entry.objects.count()
    assert auditor.get(PAGE, {"page": first.context["next"], "person": "ada"}).status_code == 400


def test_an_entry_shows_everything_and_its_place_in_the_chain(auditor: Client) -> None:
    entry = Entry.objects.get(action="accounts.sign_in.fail")
    answer = auditor.get(f"{PAGE}{entry.sequence}/")
    html = answer.content.decode()
    assert (answer.context["is_sealed"], answer.context["follows"]) == (True, True)
    for word in (entry.hash, entry.previous, "&lt;script&gt;"):
        assert word in html
    assert SCRIPT not in html
    assert auditor.get(f"{PAGE}{10**30}/").status_code == 404


def test_lines_of_json_are_what_the_hashes_cover(auditor: Client) -> None:
    answer = auditor.get(EXPORT, {"format": "jsonl", "person": "ada"})
    lines = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    entries = list(Entry.objects.filter(username="ada").order_by("sequence"))
    assert lines == [entry.content() | {"hash": entry.hash} for entry in entries]
    assert answer["Content-Disposition"] == 'attachment; filename="audit.jsonl"'


def test_signed_lines_verify_by_the_program_that_is_offered_with_them(auditor: Client, tmp_path: Path) -> None:
    answer = auditor.get(EXPORT, {"format": "signed", "person": "ada"})
    last = Entry.objects.latest("sequence").sequence
    assert answer["Content-Disposition"] == f'attachment; filename="audit-1-{last}.jsonl"'
    content = {
        "audit.jsonl": answer.getvalue(),
        "keys.json": auditor.get("/.well-known/mlregistry-keys.json").content,
        "verifier.py": auditor.get("/admin/audit/verifier/").getvalue(),
    }
    for name, written in content.items():
        (tmp_path / name).write_bytes(written)
    command = [sys.executable, "-I", "verifier.py", "keys.json", "audit.jsonl"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.stdout.startswith(f"{last} entries, from 1 "), ran.stderr
    assert auditor.get(EXPORT, {"format": "signed", "since": "2126-01-01"}).status_code == 400


def test_csv_has_sentences_and_no_formulas(auditor: Client) -> None:
    record("accounts.person.set_email", by=Actor(username="=HYPERLINK(1)", kind=ActorKind.PERSON))
    answer = auditor.get(EXPORT, {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert rows[1]["sentence"] == "ada put bob into account root"
    assert json.loads(rows[1]["details"]) == {"member": "bob"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert auditor.get(EXPORT, {"format": "exe"}).status_code == 400


def test_to_others_the_record_does_not_exist(client: Client) -> None:
    guest = User.objects.create_user("guest", is_staff=True)
    sign_in(client, guest)
    for path in (PAGE, f"{PAGE}1/", EXPORT):
        assert client.get(path).status_code == 404
    assert client.post(f"{PAGE}verify/").status_code == 404
    assert PAGE not in client.get("/admin/").content.decode()
    guest.user_permissions.add(Permission.objects.get(codename="view_entry"))
    assert client.get(PAGE).status_code == 200
