"""/api/v1: people, service accounts, teams, tokens, oneself, and levels of teams on experiments."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from model_bakery import baker

from apps.accounts.models import Team, Token, User
from apps.accounts.services import people, teams
from apps.audit.models import Entry
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.actor import Actor
from mlregistry.levels import Level
from tests.accounts.conftest import PASSWORD, Caller, as_token, basic, bearer, token_for

API = "/api/v1"


def call(caller: Client, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    if method == "GET":
        response = caller.get(f"{API}/{path}", body)
    else:
        assert isinstance(caller, Caller)
        response = caller.send(method, f"{API}/{path}", body)
    return response.status_code, response.json() if response.content else None


CALLS = [
    ("GET", "people", None),
    ("POST", "people", {"username": "eve", "password": PASSWORD}),
    ("GET", "people/bob", None),
    ("PATCH", "people/bob", {"is_admin": True}),
    ("POST", "people/bob/password", {"password": PASSWORD + "2"}),
    ("DELETE", "people/bob", None),
    ("GET", "service-accounts", None),
    ("POST", "service-accounts", {"username": "eve", "owner": "bob"}),
    ("GET", "service-accounts/robot", None),
    ("PATCH", "service-accounts/robot", {"is_active": False}),
    ("DELETE", "service-accounts/robot", None),
    ("GET", "teams", None),
    ("POST", "teams", {"name": "New"}),
    ("GET", "teams/{team}", None),
    ("PATCH", "teams/{team}", {"description": "x"}),
    ("GET", "teams/{team}/members", None),
    ("PUT", "teams/{team}/members/bob", None),
    ("DELETE", "teams/{team}/members/bob", None),
    ("DELETE", "teams/{team}", None),
]


@pytest.mark.parametrize("asked", CALLS, ids=lambda asked: f"{asked[0]} {asked[1]}")
@pytest.mark.usefixtures("bob", "robot")
def test_nobody_gets_in_everyone_reads_administrators_change(
    admin: User, ada: User, team: Team, asked: tuple[str, str, Any]
) -> None:
    method, path, body = asked[0], asked[1].format(team=team.pk), asked[2]
    before = Entry.objects.count()
    assert call(Caller(), method, path, body)[0] == 401
    expected = 200 if method == "GET" else 403
    caller, entries = as_token(ada), before + 1  # the token's own
    assert call(caller, method, path, body)[0] == expected
    assert Entry.objects.count() == entries
    if method != "GET":
        for scope in ("read", "write"):
            assert call(as_token(admin, scope=scope), method, path, body)[0] == 403
    status, _ = call(as_token(admin), method, path, body)
    assert 200 <= status < 300


def test_people_are_made_changed_switched_off_and_deleted(admin: User) -> None:
    root = as_token(admin)
    status, made = call(root, "POST", "people", {"username": "e.v@e+x-1", "password": PASSWORD})
    assert status == 201
    assert set(made) == {"id", "username", "is_admin", "is_active", "date_joined"}
    assert call(root, "PATCH", "people/e.v@e+x-1", {"is_admin": True})[1]["is_admin"] is True
    assert call(root, "PATCH", "people/e.v@e+x-1", {"is_active": False})[1]["is_active"] is False
    assert call(Caller(headers=basic("e.v@e+x-1", PASSWORD)), "GET", "me")[0] == 401
    assert call(root, "DELETE", "people/e.v@e+x-1")[0] == 204
    assert call(root, "GET", "people/e.v@e+x-1")[0] == 404


@pytest.mark.parametrize("password", ["", None, "short", 12345, " " * 12])
def test_bad_passwords_are_refused(admin: User, ada: User, password: Any) -> None:
    root = as_token(admin)
    assert call(root, "POST", "people", {"username": "eve", "password": password})[0] == 400
    assert call(root, "POST", "people/ada/password", {"password": password})[0] == 400
    assert not User.objects.filter(username="eve").exists()


def test_ones_own_password_takes_the_current_one(ada: User) -> None:
    caller = Caller(headers=basic("ada", PASSWORD))
    new = {"password": "another long phrase"}
    assert call(caller, "POST", "people/ada/password", new)[0] == 400
    assert call(caller, "POST", "people/ada/password", new | {"current_password": "no"})[0] == 400
    assert call(caller, "POST", "people/ada/password", new | {"current_password": PASSWORD})[0] == 204
    assert call(caller, "GET", "me")[0] == 401


def test_oneself(admin: User, ada: User, robot: User, team: Team, by: Actor) -> None:
    teams.add_member(team=team, user=robot, by=by)
    assert call(as_token(robot), "GET", "me") == (
        200,
        {
            "id": robot.pk,
            "username": "robot",
            "kind": "service_account",
            "is_admin": False,
            "owner": "ada",
            "teams": ["Risk"],
        },
    )
    assert call(as_token(admin, scope="read"), "GET", "me")[1]["is_admin"] is True


def test_a_token_is_shown_once_and_its_hash_never(ada: User) -> None:
    caller = Caller(headers=basic("ada", PASSWORD))
    until = timezone.now() + timedelta(days=1)
    status, made = call(caller, "POST", "tokens", {"name": "ci", "scope": "read", "expires_at": until.isoformat()})
    assert status == 201
    assert call(Client(headers=bearer(made["token"])), "GET", "me")[1]["username"] == "ada"
    row = Token.objects.get()
    said = str(call(caller, "GET", "tokens")[1]) + str(call(caller, "GET", f"tokens/{made['id']}")[1])
    assert row.digest not in said + str(made)
    assert made["token"] not in said
    assert row.prefix in said
    assert call(caller, "DELETE", f"tokens/{made['id']}")[0] == 204
    assert call(Client(headers=bearer(made["token"])), "GET", "me")[0] == 401
    assert call(caller, "GET", f"tokens/{made['id']}")[1]["revoked_at"] is not None
    recorded = Entry.objects.filter(action__startswith="accounts.token").order_by("sequence")
    assert [(entry.action, entry.username) for entry in recorded] == [
        ("accounts.token.create", "ada"),
        ("accounts.token.revoke", "ada"),
    ]
    assert made["token"].split("_", 2)[2] not in str(list(Entry.objects.values()))


def test_tokens_of_others_look_absent(ada: User, bob: User, robot: User, admin: User) -> None:
    of_ada, _ = token_for(ada)
    of_robot, _ = token_for(robot)
    caller = Caller(headers=basic("bob", PASSWORD))
    assert call(caller, "GET", "tokens")[1]["results"] == []
    for token in (of_ada, of_robot):
        assert call(caller, "GET", f"tokens/{token.pk}") == call(caller, "GET", "tokens/999999")
        assert call(caller, "DELETE", f"tokens/{token.pk}")[0] == 404
    for username in ("ada", "robot", "nobody-there"):
        assert call(caller, "POST", "tokens", {"name": "x", "user": username})[0] == 404
    assert {row["user"] for row in call(Caller(headers=basic("ada", PASSWORD)), "GET", "tokens")[1]["results"]} == {
        "ada",
        "robot",
    }
    assert call(Caller(headers=basic("ada", PASSWORD)), "POST", "tokens", {"name": "x", "user": "robot"})[0] == 201
    assert call(Caller(headers=basic("root", PASSWORD)), "DELETE", f"tokens/{of_ada.pk}")[0] == 204


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_narrow_token_makes_no_wider_one(ada: User, scope: str) -> None:
    caller = as_token(ada, scope=scope)
    assert call(caller, "POST", "tokens", {"name": "x", "scope": "admin"})[0] == 403
    assert call(caller, "DELETE", f"tokens/{Token.objects.get().pk}")[0] == 403
    assert Token.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "x", "scope": "root"},
        {"name": "x", "expires_at": "2001-01-01T00:00:00Z"},
        {"name": "x", "expires_at": "soon"},
        {"name": ["x"]},
    ],
)
def test_bad_tokens_are_refused(ada: User, body: dict[str, Any]) -> None:
    status, said = call(Caller(headers=basic("ada", PASSWORD)), "POST", "tokens", body)
    assert (status, said["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_teams_and_their_members(admin: User, ada: User) -> None:
    root = as_token(admin)
    status, team = call(root, "POST", "teams", {"name": "Risk", "description": "second line"})
    assert (status, team["name"], team["description"]) == (201, "Risk", "second line")
    path = f"teams/{team['id']}"
    assert call(root, "POST", "teams", {"name": "Risk"})[0] == 400
    for _ in range(2):
        assert call(root, "PUT", f"{path}/members/ada")[0] == 204
    assert call(root, "PUT", f"{path}/members/nobody-there")[0] == 404
    assert call(root, "GET", f"{path}/members")[1]["results"] == [{"username": "ada", "kind": "person"}]
    assert call(root, "PATCH", path, {"name": "Risk 1"})[1] == team | {"name": "Risk 1"}
    assert call(root, "DELETE", f"{path}/members/ada")[0] == 204
    assert call(root, "DELETE", path)[0] == 204
    assert call(root, "GET", path)[0] == 404
    actions = Entry.objects.filter(action__startswith="accounts.team").order_by("sequence")
    assert [entry.action.rpartition(".")[2] for entry in actions] == [
        "create",
        "add_member",
        "update",
        "remove_member",
        "delete",
    ]


def test_service_accounts_change_hands(admin: User, ada: User, bob: User) -> None:
    root = as_token(admin)
    status, made = call(root, "POST", "service-accounts", {"username": "robot", "owner": "ada"})
    assert (status, made["owner"]) == (201, "ada")
    assert call(root, "POST", "service-accounts", {"username": "robot2", "owner": "robot"})[0] == 400
    assert call(root, "POST", "service-accounts", {"username": "robot2", "owner": "nobody-there"})[0] == 404
    assert call(root, "PATCH", "service-accounts/robot", {"owner": "bob"})[1]["owner"] == "bob"
    assert call(Caller(headers=basic("ada", PASSWORD)), "POST", "tokens", {"name": "x", "user": "robot"})[0] == 404
    assert call(Caller(headers=basic("bob", PASSWORD)), "POST", "tokens", {"name": "x", "user": "robot"})[0] == 201
    assert call(root, "DELETE", "people/bob")[0] == 400
    assert call(root, "PATCH", "people/robot", {"is_admin": True})[0] == 404


def test_what_a_service_account_does_names_its_owner(ada: User, robot: User) -> None:
    token, text = token_for(robot)
    assert call(Caller(headers=bearer(text)), "POST", "tokens", {"name": "its own"})[0] == 201
    entry = Entry.objects.filter(action="accounts.token.create").latest("sequence")
    assert (entry.username, entry.kind, entry.owner, entry.token_id) == ("robot", "service_account", "ada", token.pk)


def test_lists_are_paged_and_cost_the_same_whatever_their_length(admin: User, by: Actor) -> None:
    root = as_token(admin)

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            call(root, "GET", path)
        return len(asked)

    paths = ("people", "service-accounts", "teams", "tokens")
    call(root, "GET", "me")
    before = {path: cost(path) for path in paths}
    for number in range(6):
        token_for(people.create(username=f"p{number}", password=PASSWORD, by=by))
        teams.create(name=f"t{number}", by=by)
    assert {path: cost(path) for path in paths} == before
    seen: list[str] = []
    page = call(root, "GET", "people", {"page_size": 3})[1]
    while page:
        seen += [row["username"] for row in page["results"]]
        page = root.get(page["next"]).json() if page["next"] else None
    assert seen == ["root", *(f"p{number}" for number in range(6))]


def test_filters_take_known_names_only(admin: User, ada: User) -> None:
    root = as_token(admin)
    assert [row["username"] for row in call(root, "GET", "people", {"username": "ada"})[1]["results"]] == ["ada"]
    for hostile in ("password__startswith", "tokens__digest__startswith", "username__regex"):
        assert len(call(root, "GET", "people", {hostile: "x"})[1]["results"]) == 2


@pytest.fixture
def experiment(db: None) -> Experiment:
    return baker.make(Experiment, name="subject")


def test_teams_are_given_levels_by_those_who_manage(
    experiment: Experiment, ada: User, bob: User, team: Team, by: Actor
) -> None:
    path = f"experiments/{experiment.pk}/permissions"
    teams.add_member(team=team, user=bob, by=by)
    caller = as_token(ada, scope="write")
    assert call(caller, "GET", path)[0] == 403
    EXPERIMENT_GRANTS.set(target=experiment, holder=ada, level=Level.MANAGE, by=by)
    assert call(caller, "PUT", path, {"team": "Risk", "permission": "EDIT"})[0] == 200
    assert EXPERIMENT_GRANTS.level(experiment, bob) is Level.EDIT
    assert call(caller, "PUT", path, {"team": "Risk", "permission": "USE"})[1] == {
        "holder": "team",
        "name": "Risk",
        "permission": "USE",
    }
    assert call(caller, "GET", path)[1] == [
        {"holder": "person", "name": "ada", "permission": "MANAGE"},
        {"holder": "team", "name": "Risk", "permission": "USE"},
    ]
    assert caller.delete(f"{API}/{path}?team=Risk").status_code == 204
    assert caller.delete(f"{API}/{path}?team=Risk").status_code == 404
    assert EXPERIMENT_GRANTS.level(experiment, bob) is Level.READ
    assert call(as_token(ada, scope="read"), "PUT", path, {"team": "Risk", "permission": "EDIT"})[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"permission": "READ"},
        {"team": "Risk", "user": "ada", "permission": "READ"},
        {"team": "Risk", "permission": "OWNER"},
        {"team": "Risk"},
    ],
)
def test_bad_grants_are_refused(experiment: Experiment, admin: User, team: Team, body: dict[str, str]) -> None:
    assert call(as_token(admin), "PUT", f"experiments/{experiment.pk}/permissions", body)[0] == 400


def test_hidden_and_absent_experiments_look_the_same(experiment: Experiment, ada: User, by: Actor) -> None:
    EXPERIMENT_GRANTS.set(target=experiment, holder=ada, level=Level.NO_PERMISSIONS, by=by)
    caller, absent = as_token(ada), experiment.pk + 1
    for method, body in (("GET", None), ("PUT", {"user": "ada", "permission": "MANAGE"}), ("DELETE", None)):
        hidden = call(caller, method, f"experiments/{experiment.pk}/permissions", body)
        missing = call(caller, method, f"experiments/{absent}/permissions", body)
        assert hidden[0] == missing[0] == 404
        assert hidden[1]["message"].replace(str(experiment.pk), "N") == missing[1]["message"].replace(str(absent), "N")


def test_the_wires_permission_calls_ask_for_manage(experiment: Experiment, ada: User, bob: User, by: Actor) -> None:
    EXPERIMENT_GRANTS.set(target=experiment, holder=ada, level=Level.EDIT, by=by)
    caller, base = as_token(ada), "/api/2.0/mlflow/experiments/permissions"
    key = {"experiment_id": str(experiment.pk), "username": "ada"}

    def statuses() -> list[int]:
        return [
            caller.get(f"{base}/get", key).status_code,
            caller.send("PATCH", f"{base}/update", key | {"permission": "MANAGE"}).status_code,
            caller.send("POST", f"{base}/create", key | {"username": "bob", "permission": "READ"}).status_code,
            caller.send("DELETE", f"{base}/delete", key | {"username": "bob"}).status_code,
        ]

    assert statuses() == [403] * 4
    assert EXPERIMENT_GRANTS.level(experiment, ada) is Level.EDIT
    EXPERIMENT_GRANTS.set(target=experiment, holder=ada, level=Level.MANAGE, by=by)
    assert statuses() == [200] * 4
