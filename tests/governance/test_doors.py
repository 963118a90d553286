"""Every door of a protected place: tags, deletions, renames, copies and permissions are asked for, and then done."""

from typing import Any

import pytest

from apps.accounts.models import Team, User
from apps.governance.choices import State
from apps.governance.models import ChangeRequest
from apps.governance.services import holds
from apps.governance.services.deciding import look
from apps.governance.services.opening import ApprovalNeeded
from apps.registry import sources
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.services import registered_models, versions
from apps.tracking.entities import Tag
from mlregistry.errors import BadRequest, PermissionDenied
from mlregistry.levels import Level
from tests.governance.making import approve, make_policy
from tests.registry.making import make_registered, make_version, set_content

pytestmark = pytest.mark.django_db
EVERYTHING = {"tag": ["risk"], "delete": ["*"], "rename": ["*"], "copy": ["*"], "permission": ["*"]}


def asked(change: Any, **said: Any) -> ChangeRequest:
    with pytest.raises(ApprovalNeeded) as needed:
        change(**said)
    with pytest.raises(ApprovalNeeded) as again:
        change(**said)
    assert again.value.request == needed.value.request
    return needed.value.request


@pytest.fixture
def everything(version: ModelVersion, risk: Team, root: User) -> Any:
    return make_policy(root, slots={"Risk": 1}, protects=EVERYTHING)


@pytest.fixture
def champion(version: ModelVersion, ada: User, risk: Team, root: User) -> ModelVersion:
    """Under a protected alias, where it was before there was a policy."""
    versions.set_alias(version=version, alias="champion", by=ada.actor())
    make_policy(root, slots={"Risk": 1})
    return version


@pytest.mark.usefixtures("everything")
def test_tags_are_asked_for_with_their_value_and_a_no_op_afterwards(
    version: ModelVersion, ada: User, rita: User
) -> None:
    said: dict[str, Any] = {"version": version, "key": "risk", "value": "low", "by": ada.actor()}
    request = asked(versions.set_tag, **said)
    assert asked(versions.set_tag, **said | {"value": "none"}) != request
    assert approve(request, rita).state == State.APPLIED
    versions.set_tag(**said)
    assert version.tags.get().value == "low"
    request = asked(versions.delete_tag, version=version, key="risk", by=ada.actor())
    assert approve(request, rita).state == State.APPLIED
    assert not version.tags.exists()


@pytest.mark.usefixtures("everything")
def test_tags_of_models_are_asked_for(version: ModelVersion, ada: User, rita: User) -> None:
    model = version.model
    request = asked(registered_models.set_tag, model=model, key="risk", value="low", by=ada.actor())
    assert approve(request, rita).state == State.APPLIED
    request = asked(registered_models.delete_tag, model=model, key="risk", by=ada.actor())
    assert approve(request, rita).state == State.APPLIED
    assert not model.tags.exists()


@pytest.mark.usefixtures("everything")
def test_nothing_begins_with_a_protected_tag(model: RegisteredModel, ada: User) -> None:
    with pytest.raises(PermissionDenied, match="without the tag"):
        make_version(ada, model, tags=[Tag(key="risk", value="low")])
    with pytest.raises(PermissionDenied, match="without the tag"):
        make_registered(ada, "other", tags=[Tag(key="risk", value="low")])
    assert not ChangeRequest.objects.filter(action__startswith="registry.").exists()


@pytest.mark.usefixtures("everything")
def test_deleting_and_renaming_are_asked_for(version: ModelVersion, ada: User, rita: User) -> None:
    model = version.model
    request = asked(registered_models.rename_model, model=model, name="sorter", by=ada.actor())
    assert model.name == "classifier"
    assert approve(request, rita).state == State.APPLIED
    model.refresh_from_db()
    assert model.name == "sorter"
    request = asked(versions.delete_version, version=version, by=ada.actor())
    assert approve(request, rita).state == State.APPLIED
    version.refresh_from_db()
    assert version.is_deleted
    request = asked(registered_models.delete_model, model=model, by=ada.actor())
    assert approve(request, rita).state == State.APPLIED
    assert not RegisteredModel.objects.exists()


@pytest.mark.usefixtures("everything")
def test_a_copy_is_asked_for_made_once_and_its_requesters(version: ModelVersion, ada: User, rita: User) -> None:
    source = sources.resolve(ada, "models:/classifier/1", run_id=None, model_id=None)
    said: dict[str, Any] = {"source": source, "tags": [], "run_link": "", "description": "", "by": ada.actor()}
    target = make_registered(ada, "production")
    request = asked(versions.create_version, model=target, **said)
    assert approve(request, rita).state == State.APPLIED
    made = versions.create_version(model=target, **said)
    assert (target.versions.get(), made.user_id) == (made, "ada")
    with pytest.raises(PermissionDenied, match="without the tag"):
        versions.create_version(model=model_of(ada), **said | {"tags": [Tag(key="risk", value="low")]})


def model_of(user: User) -> RegisteredModel:
    return make_registered(user, "third")


@pytest.mark.usefixtures("everything")
def test_permissions_are_asked_for_and_whom_they_are_for_does_not_vote(
    version: ModelVersion, ada: User, rita: User, ivan: User
) -> None:
    model = version.model
    said: dict[str, Any] = {"target": model, "by": ada.actor()}
    request = asked(MODEL_GRANTS.set, **said, holder=rita, level=Level.EDIT)
    with pytest.raises(PermissionDenied, match="would hold this"):
        approve(request, rita)
    request = asked(MODEL_GRANTS.create, **said, holder=ivan, level=Level.EDIT)
    assert approve(request, rita).state == State.APPLIED
    assert MODEL_GRANTS.held(model, ivan) == Level.EDIT
    request = asked(MODEL_GRANTS.update, **said, holder=ivan, level=Level.READ)
    assert approve(request, rita).state == State.APPLIED
    request = asked(MODEL_GRANTS.remove, **said, holder=ivan)
    assert approve(request, rita).state == State.APPLIED
    assert MODEL_GRANTS.held(model, ivan) is None


def test_what_stands_in_a_protected_place_is_neither_deleted_nor_renamed_away(
    champion: ModelVersion, ada: User, rita: User
) -> None:
    asked(registered_models.delete_model, model=champion.model, by=ada.actor())
    asked(registered_models.rename_model, model=champion.model, name="sorter", by=ada.actor())
    request = asked(versions.delete_version, version=champion, by=ada.actor())
    assert approve(request, rita).state == State.APPLIED


@pytest.mark.usefixtures("everything")
def test_to_delete_a_model_waits_until_its_files_are_read_and_says_what_changed_then(
    version: ModelVersion, ada: User, rita: User
) -> None:
    set_content(version, state=ContentState.PENDING)
    request = asked(registered_models.delete_model, model=version.model, by=ada.actor())
    with pytest.raises(BadRequest, match="of version 1, its files are still being read"):
        approve(request, rita)
    set_content(version, state=ContentState.UNREADABLE)
    look(request)
    request.refresh_from_db()
    assert request.evidence_digest
    make_version(ada, version.model)
    with pytest.raises(BadRequest, match="it has 2 versions now, and had 1"):
        approve(request, rita)


def test_nothing_is_renamed_into_a_protected_place(version: ModelVersion, ada: User, risk: Team, root: User) -> None:
    versions.set_alias(version=version, alias="champion", by=ada.actor())
    make_policy(root, slots={"Risk": 1}, models=["fraud-*"])
    asked(registered_models.rename_model, model=version.model, name="fraud-1", by=ada.actor())
    registered_models.rename_model(model=version.model, name="harmless", by=ada.actor())


def test_a_hold_refuses_what_takes_away_without_a_request(version: ModelVersion, ada: User, root: User) -> None:
    holds.place_hold(object_name="classifier", reason="a case", by=root.actor())
    for change, said in (
        (versions.delete_version, {"version": version}),
        (registered_models.delete_model, {"model": version.model}),
        (registered_models.rename_model, {"model": version.model, "name": "x"}),
    ):
        with pytest.raises(PermissionDenied, match="legal hold"):
            change(**said, by=ada.actor())  # type: ignore[operator]
    assert not ChangeRequest.objects.exists()
