"""Known ways round a policy, each tried by the door that somebody would take."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.accounts.services import service_accounts, teams
from apps.governance.choices import State
from apps.governance.models import ChangeRequest, PolicyRevision, Vote
from apps.registry.models import Alias, Content, ModelVersion, ModelVersionTag, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from mlregistry.levels import Level
from tests.governance.doors import Caller, accepted, asked_for, in_browser, refused, stage, to_production, vote
from tests.governance.making import approve, ask, make_policy, make_team
from tests.registry.making import give, make_registered, make_version, set_content
from tests.registry.pinning.making import put, read
from tests.tracking.making import make_experiment, make_run

pytestmark = pytest.mark.django_db
AGREED = {"protects": {"stage": ["Production"], "alias": ["champion"]}}


# --- those who make the rules ---


@pytest.mark.usefixtures("policy")
def test_who_makes_a_policy_easier_does_not_pass_anything_by_it(version: ModelVersion, ada: User, root: User) -> None:
    other = User.objects.create_superuser("other-root")
    easier = {**AGREED, "approvals": 1}
    author, reader = Caller(root), Caller(other)
    assert author.native("PUT", "policies/production", document=easier)[0] == 200
    status, changed = author.native("POST", "policies/production/publish", reason="faster")
    assert status == 200
    request = ChangeRequest.objects.get(pk=changed["request"]["id"])
    refused(vote(author, request), "asked for this")
    promotion = asked_for(to_production(Caller(ada), version))
    accepted(vote(reader, request))
    refused(vote(author, promotion), "policy production has been revised")
    promotion = asked_for(to_production(Caller(ada), version))
    refused(vote(author, promotion), "wrote the policy")
    accepted(vote(reader, promotion))
    assert stage(version) == "Production"


@pytest.mark.usefixtures("policy")
def test_a_policy_is_neither_retired_nor_emptied_alone(version: ModelVersion, ada: User, root: User) -> None:
    author = Caller(root)
    assert author.native("POST", "policies/production/retire", reason="in the way")[1]["request"]["state"] == "open"
    assert author.native("PUT", "policies/production", document={"protects": {"stage": ["Nowhere"]}})[0] == 200
    assert author.native("POST", "policies/production/publish", reason="in the way")[1]["request"]["state"] == "open"
    asked_for(to_production(Caller(ada), version))


def test_who_asks_puts_neither_themselves_nor_a_friend_among_the_reviewers(
    version: ModelVersion, one: PolicyRevision, risk: Team, root: User, rita: User
) -> None:
    requester, friend = Caller(root), User.objects.create_user("friend")
    for name in ("root", "friend"):
        assert requester.native("PUT", f"teams/{risk.pk}/members/{name}")[0] == 204
    assert requester.call("POST", "/api/3.0/mlflow/roles/assign", username="ada", role_id=risk.pk)[0] == 200
    request = asked_for(to_production(requester, version))
    refused(vote(requester, request), "asked for this")
    refused(vote(Caller(friend), request), "was put into the reviewing team by root, who asked for this")
    refused(vote(Caller(User.objects.get(username="ada")), request), "by root, who asked for this")
    form = {"name": "Risk", "description": "", "members": [rita.pk, root.pk]}
    assert in_browser(root).post(reverse("admin:accounts_team_change", args=[risk.pk]), form).status_code == 302
    refused(vote(requester, request), "asked for this")
    assert not Vote.objects.exists()


def test_a_service_account_votes_neither_itself_nor_by_its_owner(
    version: ModelVersion, one: PolicyRevision, root: User, rita: User, ada: User
) -> None:
    risk = Team.objects.get(name="Risk")
    robot = service_accounts.create(username="robot", owner=rita, by=root.actor())
    give(robot, version.model, Level.EDIT)
    teams.add_member(team=risk, user=robot, by=root.actor())
    request = asked_for(to_production(Caller(robot), version))
    refused(vote(Caller(robot), request), "service account")
    refused(vote(Caller(rita), request), "answers for robot")
    assert asked_for(to_production(Caller(ada), version)) == request
    refused(vote(Caller(robot), request), "service account")
    assert stage(version) == "None"


# --- what was voted on ---


@pytest.fixture
def sealed(ada: User, artifacts: Path) -> ModelVersion:
    run = make_run(make_experiment(ada, "first"), ada)
    put(ada, run, "model/MLmodel", b"flavors: {}\n")
    made = make_version(ada, make_registered(ada, "trained"), f"{run.artifact_uri}/model", run_id=run.uuid)
    read(made)
    digest = Content.objects.get(version=made).digest
    made.scans.create(verdict="clean", digest=digest, scanner="test", scanned_at=timezone.now(), findings=[])
    return made


@pytest.mark.usefixtures("policy")
def test_files_are_not_replaced_after_the_vote(
    sealed: ModelVersion, artifacts: Path, ada: User, rita: User, ivan: User
) -> None:
    caller = Caller(ada)
    request = asked_for(to_production(caller, sealed))
    accepted(vote(Caller(rita), request))
    path = sealed.location.removeprefix("mlflow-artifacts:/")
    assert caller.put(f"{path}/MLmodel", b"flavors: {other: {}}\n") == 403
    assert caller.put(f"{path}/more.pkl", b"more") == 403
    assert caller.call("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{path}/MLmodel")[0] == 403
    beneath = next(artifacts.rglob("MLmodel"))
    beneath.write_bytes(b"flavors: {other: {}}\n")
    refused(vote(Caller(ivan), request), "stale")
    request.refresh_from_db()
    assert (request.state, stage(sealed)) == (State.STALE, "None")
    assert asked_for(to_production(caller, sealed)).votes.count() == 0


@pytest.mark.usefixtures("policy")
def test_metrics_and_cards_do_not_change_after_the_vote(version: ModelVersion, ada: User, rita: User) -> None:
    caller = Caller(ada)
    request = asked_for(to_production(caller, version))
    accepted(vote(Caller(rita), request))
    path = f"registered-models/{version.model.name}/versions/1/card"
    based = caller.native("GET", path)[1]["revision"]
    assert caller.native("PUT", path, sections={"limits": "none"}, based_on=based)[0] == 200
    refused(vote(Caller(User.objects.get(username="ivan")), request), "its model card is at revision")
    assert stage(version) == "None"


# --- side doors ---


@pytest.mark.parametrize(
    "body",
    [
        {"stage": "production"},
        {"stage": "PRODUCTION", "archive_existing_versions": True},
        {"stage": "Production", "archiveExistingVersions": True},
    ],
)
def test_no_spelling_of_a_stage_is_another_one(body: Any, version: ModelVersion, policy: Any, ada: User) -> None:
    asked_for(to_production(Caller(ada), version, **body))
    assert stage(version) == "None"


def test_a_tag_or_another_alias_is_no_side_door(
    version: ModelVersion, risk: Team, root: User, ada: User, rita: User
) -> None:
    make_policy(root, slots={"Risk": 1}, protects={"alias": ["champion", "prod*"], "tag": ["approved*"]})
    caller, named = Caller(ada), {"name": version.model.name}
    of_version = {**named, "version": "1"}
    for alias in ("champion", "prod", "production-eu"):
        asked_for(caller.call("POST", "registered-models/alias", **of_version, alias=alias))
    for key in ("approved", "approved.by"):
        asked_for(caller.call("POST", "model-versions/set-tag", **of_version, key=key, value="yes"))
        asked_for(caller.call("POST", "registered-models/set-tag", **named, key=key, value="yes"))
    tag = {"key": "approved", "value": "yes"}
    refused(caller.call("POST", "model-versions/create", **named, source="s3://b/m", tags=[tag]), "without the tag")
    refused(caller.call("POST", "registered-models/create", name="born-approved", tags=[tag]), "without the tag")
    page = in_browser(ada).post(f"/admin/models/{version.model_id}/versions/1/tags/", tag)
    assert page.status_code in {303, 403}
    assert not Alias.objects.exists()
    assert not ModelVersionTag.objects.exists()
    assert RegisteredModel.objects.count() == 1


@pytest.mark.usefixtures("policy")
def test_a_model_that_is_made_anew_under_the_same_name_inherits_no_approval(
    version: ModelVersion, ada: User, rita: User, ivan: User
) -> None:
    caller, name = Caller(ada), version.model.name
    request = asked_for(to_production(caller, version))
    accepted(vote(Caller(rita), request))
    assert caller.call("DELETE", "registered-models/delete", name=name)[0] == 200
    assert caller.call("POST", "registered-models/create", name=name)[0] == 200
    assert caller.call("POST", "model-versions/create", name=name, source="s3://b/other")[0] == 200
    made = ModelVersion.objects.get(model__name=name)
    set_content(made, state="unreadable")
    status, body = vote(Caller(ivan), request)
    assert status in {400, 404}, body
    assert stage(made) == "None"
    again = asked_for(to_production(caller, made))
    assert again != request
    assert not again.votes.exists()


@pytest.mark.usefixtures("one")
def test_what_is_promoted_is_neither_deleted_nor_renamed_away_nor_replaced(
    version: ModelVersion, ada: User, rita: User
) -> None:
    approve(ask(ada, version), rita)
    caller, name = Caller(ada), version.model.name
    asked_for(caller.call("DELETE", "registered-models/delete", name=name))
    asked_for(caller.call("DELETE", "model-versions/delete", name=name, version="1"))
    asked_for(caller.call("POST", "registered-models/rename", name=name, new_name="elsewhere"))
    other = make_version(ada, version.model)
    set_content(other, state="unreadable")
    asked_for(to_production(caller, other, archive_existing_versions=True))
    assert stage(version) == "Production"


def test_a_rename_leads_neither_out_of_a_pattern_nor_into_it(
    version: ModelVersion, risk: Team, root: User, ada: User
) -> None:
    caller = Caller(ada)
    assert caller.call("POST", "registered-models/rename", name="classifier", new_name="free")[0] == 200
    assert to_production(caller, ModelVersion.objects.get())[0] == 200
    make_policy(root, slots={"Risk": 1}, models=["fraud-*"])
    asked_for(caller.call("POST", "registered-models/rename", name="free", new_name="fraud-1"))
    page = in_browser(ada).post(f"/admin/models/{version.model_id}/rename/", {"name": "fraud-2"})
    assert page.status_code in {303, 403}
    in_browser(ada).post(admin_page(version.model, "change"), model_form("fraud-3"))
    assert RegisteredModel.objects.get().name == "free"


@pytest.mark.usefixtures("one")
def test_a_copy_of_what_is_approved_is_not(version: ModelVersion, ada: User, rita: User) -> None:
    approve(ask(ada, version), rita)
    caller = Caller(ada)
    assert caller.call("POST", "registered-models/create", name="second")[0] == 200
    made = caller.call("POST", "model-versions/create", name="second", source="models:/classifier/1")[1]
    assert made["model_version"]["current_stage"] == "None"
    copied = ModelVersion.objects.get(model__name="second")
    set_content(copied, state="unreadable")
    request = asked_for(to_production(caller, copied))
    assert {row.username for row in request.exclusions.all()} >= {"bob"}, "who registered the original has a hand in it"


# --- permissions ---


@pytest.fixture
def permissions(version: ModelVersion, risk: Team, root: User) -> PolicyRevision:
    return make_policy(root, slots={"Risk": 1}, protects={"permission": ["EDIT", "MANAGE"]})


@pytest.mark.usefixtures("permissions")
def test_nobody_grants_to_themselves_what_is_protected(version: ModelVersion, ada: User, bob: User) -> None:
    caller, name = Caller(ada), version.model.name
    on = {"name": name, "username": "bob", "permission": "MANAGE"}
    asked_for(caller.call("PATCH", "registered-models/permissions/update", **on))
    asked_for(caller.call("DELETE", "registered-models/permissions/delete", name=name, username="bob"))
    asked_for(caller.native("PUT", f"registered-models/{name}/permissions", user="bob", permission="MANAGE"))
    User.objects.create_user("eve")
    grant = {"username": "eve", "resource_type": "registered_model", "resource_id": name, "permission": "MANAGE"}
    asked_for(caller.call("POST", "/api/3.0/mlflow/users/permissions/grant", **grant))
    page = in_browser(ada).post(f"/admin/models/{version.model_id}/grants/", {"holder": "bob", "level": "MANAGE"})
    assert page.status_code in {303, 400, 403}
    assert MODEL_GRANTS.held(version.model, bob) == Level.EDIT


@pytest.fixture
def managers(version: ModelVersion, root: User) -> Team:
    """A team that managed the model before there was a policy."""
    made = make_team("Managers", by=root)
    MODEL_GRANTS.set(target=version.model, holder=made, level=Level.MANAGE, by=root.actor())
    return made


def test_nobody_gets_by_a_team_what_would_have_to_be_asked_for(
    version: ModelVersion, managers: Team, permissions: PolicyRevision, root: User, rita: User
) -> None:
    carl = User.objects.create_user("carl")
    admin, words = Caller(root), "Policy production protects this: to give user carl MANAGE"
    refused(admin.native("PUT", f"teams/{managers.pk}/members/carl"), words)
    refused(admin.call("POST", "/api/3.0/mlflow/roles/assign", username="carl", role_id=managers.pk), words)
    assert in_browser(root).post(f"/admin/people/teams/{managers.pk}/add/", {"username": "carl"}).status_code == 403
    form = {"name": "Managers", "description": "", "members": [carl.pk]}
    in_browser(root).post(reverse("admin:accounts_team_change", args=[managers.pk]), form)
    assert not carl.groups.exists()
    on = {"user": "carl", "permission": "MANAGE"}
    other = Caller(User.objects.create_superuser("other-root"))  # who put no reviewer into their team
    request = asked_for(other.native("PUT", f"registered-models/{version.model.name}/permissions", **on))
    accepted(vote(Caller(rita), request))
    assert admin.native("PUT", f"teams/{managers.pk}/members/carl")[0] == 204, "it gives nothing more now"


def test_who_was_kept_down_by_a_team_is_not_taken_out_of_it_and_who_leaves_one_goes_free(
    version: ModelVersion, managers: Team, risk: Team, root: User, settings: Any
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.EDIT
    barred, carl, dora = (
        make_team("Barred", by=root),
        User.objects.create_user("carl"),
        User.objects.create_user("dora"),
    )
    MODEL_GRANTS.set(target=version.model, holder=barred, level=Level.READ, by=root.actor())
    teams.add_member(team=barred, user=carl, by=root.actor())
    teams.add_member(team=managers, user=dora, by=root.actor())
    make_policy(root, slots={"Risk": 1}, protects={"permission": ["EDIT", "MANAGE"]})
    admin = Caller(root)
    refused(admin.native("DELETE", f"teams/{barred.pk}/members/carl"), "to give user carl EDIT")
    refused(admin.native("DELETE", f"teams/{barred.pk}"), "to give user carl EDIT")
    assert admin.native("DELETE", f"teams/{managers.pk}/members/dora")[0] == 204


@pytest.mark.usefixtures("permissions")
def test_who_is_in_a_team_does_not_vote_on_what_it_gets_and_who_joins_meanwhile_voids_the_votes(
    version: ModelVersion, root: User, rita: User
) -> None:
    other = make_team("Others", User.objects.create_user("carl"), by=root)
    on = f"registered-models/{version.model.name}/permissions"
    request = asked_for(Caller(root).native("PUT", on, team="Risk", permission="MANAGE"))
    refused(vote(Caller(rita), request), "is in Risk, which would hold this")
    request = asked_for(Caller(root).native("PUT", on, team="Others", permission="MANAGE"))
    teams.add_member(team=other, user=User.objects.create_user("dora"), by=root.actor())
    refused(vote(Caller(rita), request), "dora has joined the team")


# --- the superuser in the admin ---


@pytest.fixture
def standing(version: ModelVersion, one: PolicyRevision, ada: User, rita: User) -> ModelVersion:
    """In Production, as approved."""
    approve(ask(ada, version), rita)
    return version


def admin_page(row: Any, name: str) -> str:
    given = [] if name == "changelist" else [row.pk]
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=given)


def model_form(name: str) -> dict[str, Any]:
    """The form of a model whose grants stay as they are."""
    counts = {f"{table}_grants-{count}_FORMS": 0 for table in ("user", "team") for count in ("TOTAL", "INITIAL")}
    return {"name": name, "description": ""} | counts


def bulk(client: Client, row: Any, action: str = "delete_rows") -> None:
    answer = client.post(admin_page(row, "changelist"), {"action": action, "_selected_action": [row.pk]}, follow=True)
    assert answer.status_code in {200, 403}


def test_a_superuser_passes_no_form_or_bulk_action_of_the_admin(standing: ModelVersion, root: User, ada: User) -> None:
    client, other = in_browser(root), make_version(ada, standing.model)
    set_content(other, state="unreadable")
    form = {"description": "", "current_stage": "Production", "archive_existing": "on", "aliases": "champion"}
    client.post(admin_page(other, "change"), form)
    for row in (standing, standing.model):
        bulk(client, row)
        client.post(admin_page(row, "delete"), {"post": "yes"})
    client.post(admin_page(standing.model, "change"), model_form("elsewhere"))
    assert (stage(standing), stage(other)) == ("Production", "None")
    assert RegisteredModel.objects.get().name == standing.model.name
    assert not Alias.objects.exists()
    asked = ChangeRequest.objects.filter(requester="root", state=State.OPEN).values_list("action", flat=True)
    assert set(asked) == {
        "registry.set_stage", "registry.set_alias", "registry.delete_version", "registry.delete_model",
        "registry.rename_model",
    }  # fmt: skip


def test_a_superuser_changes_no_request_vote_or_policy_in_the_admin(
    standing: ModelVersion, one: PolicyRevision, root: User
) -> None:
    """They can look at them alone; what would delete a person or a team leaves the votes."""
    client = in_browser(root)
    for model in apps.get_app_config("governance").get_models():
        table, row = f"/admin/governance/{model._meta.model_name}/", model._default_manager.first()
        assert client.get(table).status_code == 200
        assert client.post(f"{table}add/", {}).status_code == 403
        if row is None:
            continue
        for way in ("change", "delete"):
            assert client.post(f"{table}{row.pk}/{way}/", {"post": "yes"}).status_code == 403, table
        client.post(table, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
        assert model._default_manager.filter(pk=row.pk).exists()
    voter = User.objects.get(username="rita")
    bulk(client, voter, "delete_selected")
    client.post(admin_page(voter, "delete"), {"post": "yes"})
    assert Vote.objects.get().voter == "rita"
    assert ChangeRequest.objects.get(action="registry.set_stage").state == State.APPLIED
