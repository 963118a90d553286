"""manage.py: tokens, a forgotten password, and the first administrator."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import people
from apps.audit.models import Entry
from mlregistry.actor import system
from mlregistry.errors import InvalidParameter
from tests.accounts.conftest import PASSWORD, basic, bearer

ME = "/api/v1/me"


def run(*words: str, **options: Any) -> str:
    said = io.StringIO()
    call_command(*words, stdout=said, **options)
    return said.getvalue()


def test_tokens_are_made_listed_and_revoked(client: Client, ada: User) -> None:
    text = run("token", "create", "ada", "--name", "nightly", "--scope", "read", "--days", "30").strip()
    assert client.get(ME, headers=bearer(text)).json()["username"] == "ada"
    listed = run("token", "list", "ada")
    prefix = listed.split()[0]
    assert text.startswith(f"{prefix}_")
    assert re.fullmatch(r"mlr_[0-9a-f]{16}  ada  read  nightly  until \d{4}-\d\d-\d\d\n", listed)
    run("token", "revoke", prefix)
    assert client.get(ME, headers=bearer(text)).status_code == 401
    assert run("token", "list").rstrip().endswith("revoked")
    assert set(Entry.objects.filter(action__startswith="accounts.token").values_list("username", flat=True)) == {
        "system:manage.py"
    }


@pytest.mark.parametrize(
    "words", [("create", "nobody"), ("list", "nobody"), ("revoke", "mlr_0"), ("create", "ada", "--days", "0")]
)
def test_what_cannot_be_is_said_in_a_sentence(ada: User, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run("token", *words)


def test_a_reset_password_lets_the_locked_out_in_again(client: Client, admin: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.get(ME, headers=basic("root", "wrong wrong wrong"))
    assert client.get(ME, headers=basic("root", PASSWORD)).status_code == 401
    password = run("reset_password", "root").strip()
    assert client.get(ME, headers=basic("root", PASSWORD)).status_code == 401
    assert client.get(ME, headers=basic("root", password)).status_code == 200


@pytest.mark.parametrize("password", ["", "short", " " * 12])
def test_a_reset_keeps_the_rules(admin: User, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(CommandError, match="at least 12"):
        run("reset_password", "root", "--stdin")


def test_the_first_administrator_is_made_once(db: None) -> None:
    password = people.ensure_first_admin(username="admin", password="")
    assert password is not None
    assert len(password) >= 20
    admin = User.objects.get()
    assert (admin.username, admin.is_superuser, admin.check_password(password)) == ("admin", True, True)
    assert people.ensure_first_admin(username="admin", password="") is None
    assert people.ensure_first_admin(username="other", password=PASSWORD) is None
    assert User.objects.count() == 1


def test_a_given_password_is_not_told_again_and_keeps_the_rules(db: None) -> None:
    with pytest.raises(InvalidParameter, match="at least 12"):
        people.ensure_first_admin(username="admin", password="password")
    assert people.ensure_first_admin(username="admin", password=PASSWORD) is None
    assert User.objects.get().check_password(PASSWORD)


def test_a_name_that_is_taken_is_not_promoted(db: None) -> None:
    people.create(username="admin", password=PASSWORD, by=system("test"))
    with pytest.raises(InvalidParameter, match="MLREGISTRY_ADMIN_USERNAME"):
        people.ensure_first_admin(username="admin", password="")


@pytest.mark.django_db(transaction=True)
def test_two_servers_starting_at_once_make_one_administrator() -> None:
    barrier = Barrier(4)

    def start(_: int) -> str | None:
        try:
            barrier.wait()
            return people.ensure_first_admin(username="admin", password="")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(start, range(4)))
    assert len([password for password in made if password]) == 1
    assert User.objects.count() == 1
