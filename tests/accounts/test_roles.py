"""Teams as MLflow's roles: what is kept, on record and told to whom, where no genuine server says it."""

from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import Model

from apps.accounts.grants import Holder
from apps.accounts.models import Team, User
from apps.accounts.services import teams
from apps.audit.models import Entry
from apps.audit.sentences import spoken
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.services import registered_models
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.services import experiments
from mlregistry.actor import Actor, system
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level
from mlregistry.wire.errors import describe
from tests.accounts.conftest import Caller, as_token

V3 = "/api/3.0/mlflow"


@pytest.fixture
def experiment(admin: User, tmp_path: Path, settings: Any) -> Experiment:
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path)
    return experiments.create_experiment(name="harbour", artifact_location="", tags=[], creator=admin, by=admin.actor())


@pytest.fixture
def nothing_by_default(settings: Any) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS


def call(caller: Caller, method: str, path: str, **body: Any) -> tuple[int, Any]:
    address = f"{V3}/{path}"
    response = caller.get(address, body) if method == "GET" else caller.send(method, address, body)
    return response.status_code, response.json()


def permissions(caller: Caller, team: Team) -> list[tuple[str, ...]]:
    _, said = call(caller, "GET", "roles/get", role_id=team.pk)
    return [
        (held["resource_type"], held["resource_pattern"], held["permission"]) for held in said["role"]["permissions"]
    ]


def grant(target: Model, holder: Holder, level: Level, by: Actor) -> None:
    grants = EXPERIMENT_GRANTS if isinstance(target, Experiment) else MODEL_GRANTS
    grants.set(target=target, holder=holder, level=level, by=by)


def test_a_role_is_a_team_with_its_members_and_grants(admin: User, ada: User, experiment: Experiment) -> None:
    root = as_token(admin)
    role = call(root, "POST", "roles/create", workspace="default", name="Risk", description="looks")[1]["role"]
    team = Team.objects.get(name="Risk")
    assert role == {
        "id": team.pk,
        "name": "Risk",
        "workspace": "default",
        "description": "looks",
        "permissions": [],
    }
    on = {"resource_type": "experiment", "resource_pattern": str(experiment.pk), "permission": "EDIT"}
    held = call(root, "POST", "roles/permissions/add", role_id=team.pk, **on)[1]["role_permission"]
    assert call(root, "POST", "roles/assign", role_id=team.pk, username="ada")[0] == 200
    assert EXPERIMENT_GRANTS.level(experiment, ada) is Level.EDIT
    call(root, "PATCH", "roles/permissions/update", role_permission_id=held["id"], permission="MANAGE")
    assert EXPERIMENT_GRANTS.held(experiment, team) is Level.MANAGE
    call(root, "DELETE", "roles/permissions/remove", role_permission_id=held["id"])
    assert EXPERIMENT_GRANTS.held(experiment, team) is None
    call(root, "DELETE", "roles/unassign", role_id=team.pk, username="ada")
    call(root, "DELETE", "roles/delete", role_id=team.pk)
    assert not Team.objects.exists()
    entries = Entry.objects.filter(username="root").exclude(action__startswith="tracking").order_by("sequence")
    told = ["".join(part.text for part in spoken(entry)) for entry in entries]
    assert [entry.action for entry in entries][-7:] == [
        "accounts.team.create",
        "accounts.grant.create",
        "accounts.team.add_member",
        "accounts.grant.update",
        "accounts.grant.remove",
        "accounts.team.remove_member",
        "accounts.team.delete",
    ]
    assert all(told)


def test_ids_of_permissions_are_told_apart_and_stay(
    admin: User, ada: User, team: Team, experiment: Experiment, by: Actor
) -> None:
    """Clients keep them: the row's key times 16, and the number of its table."""
    model = registered_models.create_model(name="tide", tags=[], description="", creator=admin, by=by)
    rows = [
        EXPERIMENT_GRANTS.create(target=experiment, holder=team, level=Level.READ, by=by),
        EXPERIMENT_GRANTS.create(target=experiment, holder=ada, level=Level.READ, by=by),
        MODEL_GRANTS.create(target=model, holder=team, level=Level.READ, by=by),
        MODEL_GRANTS.create(target=model, holder=ada, level=Level.READ, by=by),
    ]
    root = as_token(admin)
    for number, row in enumerate(rows):
        changed = call(
            root, "PATCH", "roles/permissions/update", role_permission_id=row.pk * 16 + number, permission="EDIT"
        )[1]["role_permission"]
        assert changed["id"] == row.pk * 16 + number
        assert changed["role_id"] == (-ada.pk if number % 2 else team.pk)
    for grants, target in ((EXPERIMENT_GRANTS, experiment), (MODEL_GRANTS, model)):
        assert grants.held(target, ada) is grants.held(target, team) is Level.EDIT
    for absent in (rows[0].pk * 16 + 4, -1, 2**60):
        assert call(root, "DELETE", "roles/permissions/remove", role_permission_id=absent)[0] == 404


def test_what_a_user_was_granted_by_name_is_a_role_too(
    admin: User, ada: User, bob: User, experiment: Experiment, by: Actor
) -> None:
    grant(experiment, ada, Level.READ, by)
    root = as_token(admin)
    own = {"id": -ada.pk, "name": f"__user_{ada.pk}__", "workspace": "default", "description": None}
    roles = call(root, "GET", "users/roles/list", username="ada")[1]["roles"]
    assert [{field: role[field] for field in own} for role in roles] == [own]
    assert call(root, "GET", "roles/get", role_id=-ada.pk) == (200, {"role": roles[0]})
    assert call(as_token(ada), "GET", "roles/get", role_id=-ada.pk) == (200, {"role": roles[0]})
    assert call(as_token(bob), "GET", "roles/get", role_id=-ada.pk)[0] == 403
    assert call(root, "DELETE", "roles/delete", role_id=-ada.pk)[0] == 404


@pytest.mark.parametrize("name", ["__user_", "__user_1__", " __user_x"])
def test_no_team_is_named_like_what_a_user_holds(by: Actor, team: Team, name: str) -> None:
    with pytest.raises(InvalidParameter, match="__user_"):
        teams.create(name=name, by=by)
    with pytest.raises(InvalidParameter, match="__user_"):
        teams.update(team=team, name=name, by=by)


def test_the_list_of_users_tells_roles_to_whom_they_belong(
    admin: User, ada: User, bob: User, team: Team, by: Actor
) -> None:
    for user in (ada, bob):
        teams.add_member(team=team, user=user, by=by)
    for asker, told in ((admin, {"ada", "bob"}), (ada, {"ada"})):
        listed = as_token(asker).get("/api/2.0/mlflow/users/list").json()["users"]
        assert {user["username"] for user in listed if [role["name"] for role in user["roles"]] == ["Risk"]} == told


def test_of_a_role_everybody_is_told_what_they_may_know(
    nothing_by_default: None, ada: User, bob: User, team: Team, experiment: Experiment
) -> None:
    """Members what they can see, others what they manage: as on the team's page."""
    admin, by = User.objects.get(username="root"), system("test")
    model = registered_models.create_model(name="tide", tags=[], description="", creator=admin, by=by)
    for target in (experiment, model):
        grant(target, team, Level.READ, by)
    other = teams.create(name="Other", by=by)
    teams.add_member(team=team, user=ada, by=by)
    teams.add_member(team=other, user=bob, by=by)
    on_experiment, on_model = ("experiment", str(experiment.pk), "READ"), ("registered_model", "tide", "READ")
    assert permissions(as_token(admin), team) == [on_experiment, on_model]
    assert permissions(as_token(ada), team) == [on_experiment, on_model]
    assert permissions(as_token(bob), team) == []
    grant(model, bob, Level.MANAGE, by)
    assert permissions(as_token(bob), team) == [on_model]
    grant(experiment, ada, Level.NO_PERMISSIONS, by)
    assert permissions(as_token(ada), team) == [on_model]
    said = call(as_token(ada), "GET", "users/current/permissions")[1]["permissions"]
    assert [held["resource_pattern"] for held in said] == ["tide"]


def test_hidden_and_absent_look_the_same_to_who_asks_what_counts(ada: User, experiment: Experiment, by: Actor) -> None:
    grant(experiment, ada, Level.NO_PERMISSIONS, by)
    hidden, absent = (
        call(as_token(ada), "GET", "users/permissions/get", username="ada", resource_type="experiment", resource_id=key)
        for key in (str(experiment.pk), "987654")
    )
    assert hidden == absent == (200, {"allowed": False, "permission": "NO_PERMISSIONS"})


def test_a_user_who_is_denied_stays_so_in_a_team(
    admin: User, ada: User, team: Team, experiment: Experiment, by: Actor
) -> None:
    teams.add_member(team=team, user=ada, by=by)
    grant(experiment, team, Level.MANAGE, by)
    on = {"username": "ada", "resource_type": "experiment", "resource_id": str(experiment.pk)}
    root = as_token(admin)
    assert call(root, "POST", "users/permissions/grant", **on, permission="DENY") == (200, {})
    assert call(root, "GET", "users/permissions/get", **on) == (200, {"allowed": False, "permission": "DENY"})
    assert EXPERIMENT_GRANTS.level(experiment, ada) is Level.NO_PERMISSIONS


def test_an_administrator_holds_everything(admin: User, experiment: Experiment) -> None:
    on = {"username": "root", "resource_type": "experiment", "resource_id": str(experiment.pk)}
    assert call(as_token(admin), "GET", "users/permissions/get", **on)[1] == {"allowed": True, "permission": "MANAGE"}


@pytest.mark.django_db(transaction=True)
def test_what_vanishes_in_between_is_not_found(ada: User, team: Team, experiment: Experiment, by: Actor) -> None:
    Team.objects.get(pk=team.pk).delete()
    for write in (
        lambda: teams.update(team=team, description="d", by=by),
        lambda: teams.delete(team=team, by=by),
        lambda: teams.add_member(team=team, user=ada, by=by),
    ):
        with pytest.raises(NotFound):
            write()
    assert not Team.objects.exists()
    with pytest.raises(IntegrityError) as refused:
        EXPERIMENT_GRANTS.create(target=experiment, holder=team, level=Level.READ, by=by)
    assert describe(refused.value)[0] == NotFound.code
