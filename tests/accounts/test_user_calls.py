"""MLflow's user calls: rights and rules, in-process; beside the genuine server and by its clients, live."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Entry
from tests.accounts.conftest import PASSWORD, Caller, as_token, basic
from tests.live import PROJECT, LiveServer

USERS = "/api/2.0/mlflow/users"
MLFLOW2 = PROJECT / ".venv-mlflow2" / "bin" / "python"


def call(caller: Caller, method: str, name: str, body: dict[str, Any]) -> tuple[int, Any]:
    path = f"{USERS}/{name}"
    response = caller.get(path, body) if method == "GET" else caller.send(method, path, body)
    return response.status_code, response.json()


def test_an_administrator_makes_finds_and_deletes_users(admin: User) -> None:
    root = as_token(admin)
    status, made = call(root, "POST", "create", {"username": "eve", "password": "long enough 1"})
    assert status == 200
    eve = User.objects.get(username="eve")
    expected = {
        "id": eve.pk,
        "username": "eve",
        "is_admin": False,
        "experiment_permissions": [],
        "registered_model_permissions": [],
    }
    assert made == {"user": expected}
    assert call(root, "GET", "get", {"username": "eve"}) == (200, {"user": expected})
    assert call(root, "PATCH", "update-admin", {"username": "eve", "is_admin": True}) == (200, {})
    assert call(root, "DELETE", "delete", {"username": "eve"}) == (200, {})
    status, gone = call(root, "GET", "get", {"username": "eve"})
    assert (status, gone["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    actions = Entry.objects.filter(action__startswith="accounts.person", target_name="eve")
    assert list(actions.order_by("sequence").values_list("action", "username")) == [
        ("accounts.person.create", "root"),
        ("accounts.person.set_admin", "root"),
        ("accounts.person.delete", "root"),
    ]


def test_others_see_themselves_and_the_roster_and_change_nothing(ada: User, bob: User) -> None:
    caller = as_token(ada)
    assert call(caller, "GET", "get", {"username": "ada"})[0] == 200
    unknown, known = (call(caller, "GET", "get", {"username": name}) for name in ("nobody-there", "bob"))
    assert unknown == known
    assert unknown[0] == 403
    listed = call(caller, "GET", "list", {})[1]["users"]
    assert [(user["username"], user["is_admin"], user["roles"]) for user in listed] == [
        ("root", True, []),
        ("ada", False, []),
        ("bob", False, []),
    ]
    for method, name, body in (
        ("POST", "create", {"username": "eve", "password": PASSWORD}),
        ("PATCH", "update-password", {"username": "bob", "password": PASSWORD + "2"}),
        ("PATCH", "update-admin", {"username": "ada", "is_admin": True}),
        ("DELETE", "delete", {"username": "bob"}),
        ("DELETE", "delete", {"username": "nobody-there"}),
    ):
        assert call(caller, method, name, body)[0] == 403, name


@pytest.mark.parametrize("password", ["", None, "short", "x" * 11, " " * 12])
def test_empty_short_and_null_passwords_are_refused(admin: User, ada: User, password: str | None) -> None:
    root = as_token(admin)
    before = User.objects.get(pk=ada.pk).password
    for method, name, body in (
        ("POST", "create", {"username": "eve", "password": password}),
        ("PATCH", "update-password", {"username": "ada", "password": password}),
    ):
        status, said = call(root, method, name, body)
        assert (status, said["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert not User.objects.filter(username="eve").exists()
    assert User.objects.get(pk=ada.pk).password == before


def test_a_token_is_no_password(admin: User) -> None:
    status, _ = call(as_token(admin), "POST", "create", {"username": "eve", "password": "mlr_0123456789abcdef"})
    assert status == 400


@pytest.mark.parametrize(
    "username", ["", None, "a b", "a:b", "a/b", "x" * 151, "line\nbreak", "nul\0", "ADA", "../root"]
)
def test_bad_and_taken_names_are_refused(admin: User, ada: User, username: str | None) -> None:
    status, said = call(as_token(admin), "POST", "create", {"username": username, "password": PASSWORD})
    assert status == 400
    assert said["error_code"] in {"INVALID_PARAMETER_VALUE", "RESOURCE_ALREADY_EXISTS"}


def test_changing_ones_own_password_takes_the_current_one(client: Client, ada: User) -> None:
    caller = Caller(headers=basic("ada", PASSWORD))
    new = {"username": "ada", "password": "another long phrase"}
    for current, words in (
        ({}, "Current password is required when changing your own password."),
        ({"current_password": "wrong"}, "Current password does not match."),
    ):
        status, said = call(caller, "PATCH", "update-password", new | current)
        assert (status, said["message"]) == (400, words)
    same = {"username": "ada", "password": PASSWORD, "current_password": PASSWORD}
    assert call(caller, "PATCH", "update-password", same)[1]["message"].startswith("New password must differ")
    assert call(caller, "PATCH", "update-password", new | {"current_password": PASSWORD}) == (200, {})
    assert client.get(f"{USERS}/current", headers=basic("ada", "another long phrase")).status_code == 200


def test_a_narrow_token_cannot_take_its_account_over(admin: User, ada: User) -> None:
    for scope in ("read", "write"):
        own = {"username": "ada", "password": "another long phrase", "current_password": PASSWORD}
        assert call(as_token(ada, scope=scope), "PATCH", "update-password", own)[0] == 403
        made = {"username": "eve", "password": PASSWORD}
        assert call(as_token(admin, scope=scope), "POST", "create", made)[0] == 403
        assert call(as_token(admin, scope=scope), "GET", "current", {})[0] == 200


def test_the_last_administrator_stays(admin: User, ada: User) -> None:
    root = as_token(admin)
    assert call(root, "PATCH", "update-admin", {"username": "root", "is_admin": False})[0] == 400
    status, said = call(root, "DELETE", "delete", {"username": "root"})
    assert (status, said["error_code"]) == (400, "BAD_REQUEST")
    assert call(root, "PATCH", "update-admin", {"username": "ada", "is_admin": True})[0] == 200
    assert call(root, "PATCH", "update-admin", {"username": "root", "is_admin": False})[0] == 200
    assert call(root, "POST", "create", {"username": "eve", "password": PASSWORD})[0] == 403


def test_the_owner_of_a_service_account_is_not_deleted_under_it(admin: User, ada: User, robot: User) -> None:
    status, said = call(as_token(admin), "DELETE", "delete", {"username": "ada"})
    assert (status, said["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "robot" in said["message"]
    assert User.objects.filter(username="ada").exists()


def test_no_answer_holds_a_hash(admin: User, ada: User) -> None:
    root = as_token(admin)
    said = "".join(
        root.get(f"{USERS}/{name}", {"username": "ada"}).content.decode() for name in ("get", "list", "current")
    )
    assert ada.password not in said
    assert "md5$" not in said
    assert "password" not in said


# Beside the genuine server -------------------------------------------------------------------------------------------

STEPS: list[tuple[str, str, dict[str, Any], str]] = [
    ("GET", "get", {"username": "ada"}, "admin"),
    ("POST", "create", {"username": "ada", "password": "long enough 1"}, "admin"),
    ("POST", "create", {"username": "ada", "password": "long enough 1"}, "admin"),
    ("POST", "create", {"username": "bob", "password": "short"}, "admin"),
    ("POST", "create", {"username": "bob"}, "admin"),
    ("POST", "create", {"username": "bob", "password": "long enough 2"}, "admin"),
    ("GET", "get", {"username": "ada"}, "ada"),
    ("GET", "get", {"username": "bob"}, "ada"),
    ("GET", "current", {}, "ada"),
    ("GET", "current", {}, "nobody"),
    ("GET", "list", {}, "ada"),
    ("GET", "list", {}, "admin"),
    ("POST", "create", {"username": "eve", "password": "long enough 3"}, "ada"),
    ("PATCH", "update-admin", {"username": "ada", "is_admin": True}, "ada"),
    ("DELETE", "delete", {"username": "bob"}, "ada"),
    ("PATCH", "update-password", {"username": "bob", "password": "long enough 4"}, "ada"),
    ("PATCH", "update-password", {"username": "ada", "password": "long enough 4"}, "ada"),
    (
        "PATCH",
        "update-password",
        {"username": "ada", "password": "long enough 4", "current_password": "wrong"},
        "ada",
    ),
    (
        "PATCH",
        "update-password",
        {"username": "ada", "password": "long enough 1", "current_password": "long enough 1"},
        "ada",
    ),
    ("PATCH", "update-password", {"username": "ada", "password": "short", "current_password": "long enough 1"}, "ada"),
    (
        "PATCH",
        "update-password",
        {"username": "ada", "password": "long enough 5", "current_password": "long enough 1"},
        "ada",
    ),
    ("GET", "current", {}, "ada"),
    ("PATCH", "update-password", {"username": "nobody-there", "password": "long enough 4"}, "admin"),
    ("PATCH", "update-password", {"username": "ada", "password": "long enough 1"}, "admin"),
    ("GET", "current", {}, "ada"),
    ("PATCH", "update-admin", {"username": "ada", "is_admin": True}, "admin"),
    ("GET", "get", {"username": "bob"}, "ada"),
    ("PATCH", "update-admin", {"username": "nobody-there", "is_admin": True}, "admin"),
    ("DELETE", "delete", {"username": "ada"}, "ada"),
    ("DELETE", "delete", {"username": "ada"}, "admin"),
    ("DELETE", "delete", {"username": "ada"}, "admin"),
    ("DELETE", "delete", {"username": "bob"}, "admin"),
    ("GET", "get", {}, "admin"),
]


def play(server: LiveServer, prefix: str) -> Iterator[tuple[int, str, Any]]:
    """Each step's status, error code and body, users named apart so that servers can be asked more than once."""
    passwords = {"admin": server.password, "ada": "long enough 1", "bob": "long enough 2", "nobody": "x"}
    for method, name, body, by in STEPS:
        sent = {key: (prefix + value if key == "username" else value) for key, value in body.items()}
        auth = (server.username if by == "admin" else prefix + by, passwords[by])
        given = {"params": sent} if method == "GET" else {"json": sent}
        answer = requests.request(method, server.url(f"{USERS}/{name}"), auth=auth, timeout=60, **given)
        if answer.ok and name == "update-password":
            passwords[body["username"]] = body["password"]
        yield answer.status_code, *_comparable(answer, prefix)


def _comparable(answer: requests.Response, prefix: str) -> tuple[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return "", None  # the genuine server refuses some requests in plain text
    if "error_code" in said:
        return said["error_code"], said["message"].replace(prefix, "").split(" Error: ")[0].strip()
    for user in [said.get("user"), *said.get("users", [])]:
        if user:
            user["username"] = user["username"].replace(prefix, "")
            for ours in ("id", "experiment_permissions", "registered_model_permissions", "roles"):
                user.pop(ours, None)
    if "users" in said:
        said["users"] = [user for user in said["users"] if user["username"] in {"ada", "bob", "eve"}]
    return "", said


def test_the_user_calls_answer_as_the_genuine_server(server: LiveServer, genuine_auth: LiveServer) -> None:
    prefix = "calls-"
    ours, theirs = list(play(server, prefix)), list(play(genuine_auth, prefix))
    for step, our, their in zip(STEPS, ours, theirs, strict=True):
        assert our[0] == their[0], (step, our, their)
        if their[1] or their[2]:
            assert our[1:] == their[1:], (step, our, their)


MLFLOW_3_SCRIPT = """
import mlflow
from mlflow.server import get_app_client
client = get_app_client("basic-auth", mlflow.get_tracking_uri())
user = client.create_user("grace-3", "long enough 1")
assert (user.username, user.is_admin) == ("grace-3", False)
assert client.get_user("grace-3").id == user.id
client.update_user_password("grace-3", "long enough 2")
client.update_user_admin("grace-3", True)
assert client.get_user("grace-3").is_admin
for wrong in (lambda: client.create_user("grace-3", "long enough 1"),
              lambda: client.create_user("grace-4", "short"),
              lambda: client.delete_user("nobody-there")):
    try:
        wrong()
    except mlflow.MlflowException as error:
        print(error.error_code)
client.delete_user("grace-3")
"""


MLFLOW_2_SCRIPT = """
import mlflow
from mlflow.server import get_app_client
client = get_app_client("basic-auth", mlflow.get_tracking_uri())
experiment_id = mlflow.create_experiment("permissions of grace")
user = client.create_user("grace-2", "long enough 1")
assert user.experiment_permissions == [] and user.registered_model_permissions == []
made = client.create_experiment_permission(experiment_id, "grace-2", "READ")
assert (made.experiment_id, made.user_id, made.permission) == (experiment_id, user.id, "READ")
client.update_experiment_permission(experiment_id, "grace-2", "MANAGE")
assert client.get_experiment_permission(experiment_id, "grace-2").permission == "MANAGE"
held = client.get_user("grace-2").experiment_permissions
assert [(one.experiment_id, one.permission) for one in held] == [(experiment_id, "MANAGE")]
for wrong in (lambda: client.create_experiment_permission(experiment_id, "grace-2", "READ"),
              lambda: client.create_experiment_permission(experiment_id, "nobody-there", "READ"),
              lambda: client.update_experiment_permission(experiment_id, "grace-2", "OWNER"),
              lambda: client.get_experiment_permission("987654321", "grace-2")):
    try:
        wrong()
    except mlflow.MlflowException as error:
        print(error.error_code)
client.delete_experiment_permission(experiment_id, "grace-2")
try:
    client.get_experiment_permission(experiment_id, "grace-2")
except mlflow.MlflowException as error:
    print(error.error_code)
client.delete_user("grace-2")
"""


def run_client(python: Path | str, script: str, server: LiveServer, folder: Path) -> list[str]:
    """What a script prints that knows of the server what a user is told."""
    ran = subprocess.run(
        [python, "-c", script],
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **server.client_environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_mlflow_3s_own_auth_client_works(server: LiveServer, tmp_path: Path) -> None:
    assert run_client(sys.executable, MLFLOW_3_SCRIPT, server, tmp_path) == [
        "RESOURCE_ALREADY_EXISTS",
        "INVALID_PARAMETER_VALUE",
        "RESOURCE_DOES_NOT_EXIST",
    ]


def test_mlflow_2s_own_auth_client_works_with_experiment_permissions(server: LiveServer, tmp_path: Path) -> None:
    assert run_client(MLFLOW2, MLFLOW_2_SCRIPT, server, tmp_path) == [
        "RESOURCE_ALREADY_EXISTS",
        "RESOURCE_DOES_NOT_EXIST",
        "INVALID_PARAMETER_VALUE",
        "RESOURCE_DOES_NOT_EXIST",
        "RESOURCE_DOES_NOT_EXIST",
    ]
