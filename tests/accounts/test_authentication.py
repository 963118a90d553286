"""Ways in: Bearer, Basic, session; and what closes them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import authentication
from apps.accounts.models import Token, User
from apps.accounts.passwords import VerifiedPasswords
from apps.accounts.services import people, tokens
from apps.audit.models import Entry
from mlregistry.actor import Actor
from mlregistry.errors import PermissionDenied
from mlregistry.levels import Access, Level
from tests.accounts.conftest import PASSWORD, Caller, basic, bearer, token_for

ME = "/api/2.0/mlflow/users/current"


class CountingHasher(MD5PasswordHasher):
    derived = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).derived += 1
        return super().encode(password, salt)


@pytest.fixture
def derivations(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[CountingHasher]]:
    """How often a key is derived, in a process that remembers nothing yet."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    monkeypatch.setattr(authentication, "verified", VerifiedPasswords())
    CountingHasher.derived = 0
    return CountingHasher


def whoami(client: Client, **extra: Any) -> str | int:
    response = client.get(ME, **extra)
    return response.json()["user"]["username"] if response.status_code == 200 else response.status_code


def test_nobody_is_asked_to_sign_in(client: Client, db: None) -> None:
    response = client.get(ME)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic ")
    assert response.json()["error_code"] == "UNAUTHENTICATED"


def test_a_token_signs_in_as_bearer_or_as_any_basic_password(client: Client, ada: User) -> None:
    _, text = token_for(ada)
    assert whoami(client, headers=bearer(text)) == "ada"
    for username in ("ada", "", "token", "somebody-else"):
        assert whoami(client, headers=basic(username, text)) == "ada"


def test_a_password_signs_in_as_basic(client: Client, ada: User) -> None:
    assert whoami(client, headers=basic("ada", PASSWORD)) == "ada"
    assert whoami(client, headers=basic("ada", PASSWORD + "!")) == 401
    assert whoami(client, headers=basic("ada", "")) == 401
    assert whoami(client, headers=basic("eve", PASSWORD)) == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer mlr_",
        "Bearer mlr_' OR 1=1 --",
        "Bearer mlr_0123456789abcdef_' OR '1'='1' --",
        "Bearer " + "x" * 5000,
        "Basic",
        "Basic !!!!",
        "Basic bm9jb2xvbg==",
        "Basic /////w==",
    ],
)
def test_credentials_that_are_none_are_refused(client: Client, ada: User, header: str) -> None:
    assert whoami(client, headers={"authorization": header}) == 401


def test_names_with_control_characters_are_refused_not_failed(client: Client, ada: User) -> None:
    assert whoami(client, headers=basic("ada\0", PASSWORD)) == 401
    assert whoami(client, headers=basic("\0", "\0")) == 401


def test_tokens_sharing_a_prefix_never_share_identity(client: Client, ada: User, bob: User) -> None:
    (_, of_ada), (_, of_bob) = token_for(ada), token_for(bob)
    mixed = of_ada[: len("mlr_") + 16] + of_bob[len("mlr_") + 16 :]
    assert authentication.secret.prefix_of(mixed) == authentication.secret.prefix_of(of_ada)
    assert whoami(client, headers=bearer(mixed)) == 401
    assert whoami(client, headers=bearer(of_ada[:-1] + ("A" if of_ada[-1] != "A" else "B"))) == 401


def test_a_prefix_belongs_to_one_token(ada: User) -> None:
    token, _ = token_for(ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Token.objects.create(user=ada, name="twin", prefix=token.prefix, digest="0" * 64, scope="read")


def test_a_revoked_token_is_refused_on_the_next_request(client: Client, ada: User, by: Actor) -> None:
    token, text = token_for(ada)
    assert whoami(client, headers=bearer(text)) == "ada"
    tokens.revoke(token=token, by=by)
    assert whoami(client, headers=bearer(text)) == 401


def test_an_expired_token_is_refused(client: Client, ada: User) -> None:
    token, text = token_for(ada, expires_at=timezone.now() + timedelta(hours=1))
    assert whoami(client, headers=bearer(text)) == "ada"
    Token.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(milliseconds=1))
    assert whoami(client, headers=bearer(text)) == 401


def test_a_disabled_account_is_refused_on_the_next_request_by_every_way(
    client: Client, admin: User, ada: User, by: Actor
) -> None:
    _, text = token_for(ada)
    session = Client()
    session.force_login(ada)
    assert [whoami(client, headers=bearer(text)), whoami(client, headers=basic("ada", PASSWORD)), whoami(session)] == [
        "ada"
    ] * 3
    people.set_active(user=ada, is_active=False, by=by)
    assert [whoami(client, headers=bearer(text)), whoami(client, headers=basic("ada", PASSWORD)), whoami(session)] == [
        401
    ] * 3


def test_a_service_account_acts_only_while_its_owner_has_access(
    client: Client, ada: User, robot: User, by: Actor
) -> None:
    _, text = token_for(robot)
    assert whoami(client, headers=bearer(text)) == "robot"
    people.set_active(user=ada, is_active=False, by=by)
    assert whoami(client, headers=bearer(text)) == 401
    people.set_active(user=ada, is_active=True, by=by)
    assert whoami(client, headers=bearer(text)) == "robot"


def test_a_service_account_has_no_password(client: Client, robot: User) -> None:
    for password in ("", "!", robot.password):
        assert whoami(client, headers=basic("robot", password)) == 401


def test_a_password_is_verified_once_and_then_costs_one_read(
    client: Client, ada: User, derivations: type[CountingHasher], by: Actor
) -> None:
    people.set_password(user=ada, password=PASSWORD, by=by)
    derivations.derived = 0
    for _ in range(5):
        assert whoami(client, headers=basic("ada", PASSWORD)) == "ada"
    assert derivations.derived == 1
    with CaptureQueriesContext(connection) as asked:
        whoami(client, headers=basic("ada", PASSWORD))
    assert len(asked) == 1


def test_a_wrong_password_and_an_unknown_name_cost_the_derivation_each_time(
    client: Client, ada: User, robot: User, derivations: type[CountingHasher], by: Actor
) -> None:
    people.set_password(user=ada, password=PASSWORD, by=by)
    assert whoami(client, headers=basic("ada", PASSWORD)) == "ada"
    for name in ("ada", "nobody-of-that-name", "robot"):
        derivations.derived = 0
        for _ in range(3):
            assert whoami(client, headers=basic(name, "a wrong password")) == 401
        assert derivations.derived == 3, name


def test_a_changed_password_ends_the_old_one_at_once(
    client: Client, ada: User, derivations: type[CountingHasher], by: Actor
) -> None:
    assert whoami(client, headers=basic("ada", PASSWORD)) == "ada"
    people.set_password(user=ada, password="another long phrase", by=by)
    assert whoami(client, headers=basic("ada", PASSWORD)) == 401
    assert whoami(client, headers=basic("ada", "another long phrase")) == "ada"


def test_the_memory_of_verified_passwords_is_bounded_and_bound_to_the_address() -> None:
    memory, stored = VerifiedPasswords(size=2), make_password("p")
    known = {"username": "ada", "stored": stored, "password": "p"}
    for last in range(3):
        assert memory.verify(address=f"10.0.0.{last}", **known)
    assert [memory.knows(address=f"10.0.0.{last}", **known) for last in range(4)] == [False, True, True, False]
    assert not memory.knows(address="10.0.0.2", **(known | {"stored": make_password("p")}))


def test_a_token_costs_one_query_and_its_use_is_noted_once_a_minute(client: Client, ada: User) -> None:
    token, text = token_for(ada)
    assert whoami(client, headers=bearer(text)) == "ada"
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    with CaptureQueriesContext(connection) as asked:
        whoami(client, headers=bearer(text))
    assert len(asked) == 1
    Token.objects.filter(pk=token.pk).update(last_used_at=timezone.now() - timedelta(minutes=2))
    whoami(client, headers=bearer(text))
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at >= first


def test_ten_failures_lock_the_name_out_from_that_address_only(client: Client, ada: User, bob: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        assert whoami(client, headers=basic("ada", "wrong wrong wrong")) == 401
    locked = client.get(ME, headers=basic("ada", PASSWORD))
    assert locked.status_code == 401
    assert "15 minutes" in locked.json()["message"]
    assert whoami(client, headers=basic("ada", PASSWORD), REMOTE_ADDR="10.1.2.3") == "ada"
    assert whoami(client, headers=basic("bob", PASSWORD)) == "bob"
    assert whoami(client, headers=bearer(token_for(ada)[1])) == "ada"
    assert Entry.objects.filter(action="accounts.sign_in.lock_out").count() == 1


def test_spelling_the_name_otherwise_does_not_start_a_new_count(client: Client, ada: User) -> None:
    for turn in range(settings.AXES_FAILURE_LIMIT):
        whoami(client, headers=basic("ada" if turn % 2 else "ADA", "wrong wrong wrong"))
    assert whoami(client, headers=basic("ada", PASSWORD)) == 401


def test_a_remembered_password_does_not_open_a_locked_door(client: Client, ada: User) -> None:
    assert whoami(client, headers=basic("ada", PASSWORD)) == "ada"
    for _ in range(settings.AXES_FAILURE_LIMIT):
        whoami(client, headers=basic("ada", "wrong wrong wrong"))
    assert whoami(client, headers=basic("ada", PASSWORD)) == 401


def test_a_success_ends_the_count(client: Client, ada: User) -> None:
    for _ in range(3):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            whoami(client, headers=basic("ada", "wrong wrong wrong"))
        assert whoami(client, headers=basic("ada", PASSWORD)) == "ada"


def test_failures_are_on_record_and_passwords_are_not(client: Client, ada: User) -> None:
    whoami(client, headers=basic("ada", "a secret slip of the pen"))
    entry = Entry.objects.get(action="accounts.sign_in.fail")
    assert entry.details == {"username": "ada"}
    assert entry.address == "127.0.0.1"
    assert "slip" not in str(list(Entry.objects.values()))


def test_a_session_posts_json_and_files_with_its_token_in_the_header(admin: User) -> None:
    session = Client(enforce_csrf_checks=True)
    session.force_login(admin)
    session.get("/accounts/password/change/")  # a page hands the token out
    headers = {"X-CSRFToken": session.cookies["csrftoken"].value}
    create, body = "/api/2.0/mlflow/experiments/create", b'{"name": "from a page"}'
    assert session.post(create, body, "application/json").status_code == 403
    assert session.post(create, body, "application/json", headers={"X-CSRFToken": "x" * 64}).status_code == 403
    made = session.post(create, body, "application/json", headers=headers)
    assert made.status_code == 200, made.content
    form = session.post(create, {"name": "a form", "csrfmiddlewaretoken": headers["X-CSRFToken"]})
    assert form.status_code == 403, "a form of another site could carry no header, and no form has business here"


def test_a_session_needs_the_csrf_token_to_change_something(ada: User) -> None:
    session = Client(enforce_csrf_checks=True)
    session.force_login(ada)
    assert whoami(session) == "ada"
    body = {"username": "ada", "password": "another long phrase", "current_password": PASSWORD}
    path = "/ajax-api/2.0/mlflow/users/update-password"
    refused = session.patch(path, body, "application/json")
    assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    session.get("/accounts/password/change/")  # any page with a form sets the cookie
    token = session.cookies["csrftoken"].value
    assert session.patch(path, body, "application/json", headers={"X-CSRFToken": token}).status_code == 200


def test_basic_that_a_browser_remembered_does_not_work_for_another_site(ada: User) -> None:
    caller = Caller(headers=basic("ada", PASSWORD) | {"origin": "https://evil.example"})
    body = {"username": "ada", "password": "another long phrase", "current_password": PASSWORD}
    assert caller.send("PATCH", "/api/2.0/mlflow/users/update-password", body).status_code == 403
    caller = Caller(headers=basic("ada", PASSWORD) | {"origin": "http://testserver"})
    assert caller.send("PATCH", "/api/2.0/mlflow/users/update-password", body).status_code == 200


def test_with_auth_off_everyone_here_is_the_first_administrator(client: Client, admin: User, settings: Any) -> None:
    settings.MLREGISTRY_AUTH = "off"
    assert whoami(client) == "root"
    assert whoami(client, REMOTE_ADDR="::1") == "root"
    assert whoami(client, REMOTE_ADDR="::ffff:127.0.0.1") == "root"
    assert whoami(client, REMOTE_ADDR="192.168.1.7") == 401
    assert whoami(client, REMOTE_ADDR="") == 401
    assert whoami(client, headers={"x-forwarded-for": "192.168.1.7"}) == 401
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/", REMOTE_ADDR="192.168.1.7").status_code == 302


def test_with_auth_off_a_page_of_another_site_cannot_act(admin: User, settings: Any) -> None:
    settings.MLREGISTRY_AUTH = "off"
    caller = Caller(headers={"origin": "https://evil.example"})
    body = {"username": "mallory", "password": "a long enough one"}
    assert caller.send("POST", "/api/2.0/mlflow/users/create", body).status_code == 403
    assert Caller().send("POST", "/api/2.0/mlflow/users/create", body).status_code == 200


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ("read", {Level.READ, Access.PUBLIC, Access.SIGNED_IN}),
        ("write", {*Level, Access.PUBLIC, Access.SIGNED_IN}),
        ("admin", {*Level, *Access}),
    ],
)
def test_a_scope_covers_what_it_says_and_no_more(scope: str, covered: set[Level | Access]) -> None:
    token = Token(scope=scope)
    for requirement in (*Level, *Access):
        if requirement in covered:
            token.check_scope(requirement)
        else:
            with pytest.raises(PermissionDenied, match=f"scope is '{scope}'"):
                token.check_scope(requirement)


def test_the_database_itself_keeps_accounts_in_form(ada: User, robot: User) -> None:
    for wrong in (
        {"username": "x", "kind": "service_account"},
        {"username": "x", "kind": "person", "owner": ada},
        {"username": "x", "kind": "service_account", "owner": ada, "is_superuser": True},
        {"username": "x", "kind": "service_account", "owner": ada, "is_staff": True},
        {"username": "ADA"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(**wrong)
    with pytest.raises(ProtectedError):
        ada.delete()
