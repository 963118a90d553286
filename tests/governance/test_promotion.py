"""From asking to being there: the ordinary way of a change request."""

import pytest

from apps.accounts.models import User
from apps.governance.choices import State
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.registry.models import ModelVersion
from apps.registry.services import cards, versions
from mlregistry.errors import BadRequest, PermissionDenied
from tests.governance.making import approve, ask, reject

pytestmark = pytest.mark.django_db


def _stage(version: ModelVersion) -> str:
    version.refresh_from_db()
    return version.current_stage


def test_two_approvals_of_two_teams_apply_the_change(
    version: ModelVersion, policy: PolicyRevision, ada: User, rita: User, ivan: User
) -> None:
    request = ask(ada, version)
    assert _stage(version) == "None"
    assert approve(request, rita).state == State.OPEN
    assert _stage(version) == "None"
    assert approve(request, ivan).state == State.APPLIED
    assert _stage(version) == "Production"


def test_asking_again_finds_the_same_request_and_is_a_no_op_once_it_is_applied(
    version: ModelVersion, policy: PolicyRevision, ada: User, rita: User, ivan: User
) -> None:
    request = ask(ada, version)
    assert ask(ada, version) == request
    approve(request, rita)
    approve(request, ivan)
    versions.set_stage(version=version, stage="Production", archive_existing=False, by=ada.actor())
    assert ChangeRequest.objects.count() == 1


def test_the_refusal_names_the_request_what_is_missing_and_where_it_is_decided(
    version: ModelVersion, policy: PolicyRevision, ada: User, rita: User
) -> None:
    request = ask(ada, version)
    approve(request, rita)
    with pytest.raises(PermissionDenied) as refused:
        versions.set_stage(version=version, stage="Production", archive_existing=False, by=ada.actor())
    assert f"Change request {request.pk} is missing 1 approval (1 of IT)" in refused.value.message
    assert f"/admin/reviews/{request.pk}" in refused.value.message


def test_a_rejection_ends_it(version: ModelVersion, policy: PolicyRevision, ada: User, rita: User, ivan: User) -> None:
    request = reject(ask(ada, version), rita, "the data is a year old")
    assert (request.state, request.outcome) == (State.REJECTED, "the data is a year old")
    with pytest.raises(BadRequest, match="rejected already"):
        approve(request, ivan)
    assert ask(ada, version) != request


@pytest.mark.parametrize("name", ["ada", "bob", "root"])
def test_neither_requester_nor_registrant_nor_a_bystander_votes(
    name: str, version: ModelVersion, policy: PolicyRevision, ada: User, root: User
) -> None:
    request = ask(ada, version)
    with pytest.raises(PermissionDenied, match=f"{name} cannot vote"):
        approve(request, User.objects.get(username=name))


def test_a_new_model_card_makes_the_request_stale(
    version: ModelVersion, policy: PolicyRevision, ada: User, rita: User, ivan: User
) -> None:
    request = ask(ada, version)
    approve(request, rita)
    cards.write_card(version=version, sections={"limits": "none"}, by=ada.actor())
    with pytest.raises(BadRequest, match="stale"):
        approve(request, ivan)
    request.refresh_from_db()
    assert request.state == State.STALE
    assert _stage(version) == "None"


def test_aliases_are_protected_too(
    version: ModelVersion, policy: PolicyRevision, ada: User, rita: User, ivan: User
) -> None:
    with pytest.raises(PermissionDenied, match="point alias champion"):
        versions.set_alias(version=version, alias="champion", by=ada.actor())
    request = ChangeRequest.objects.get()
    approve(request, rita)
    approve(request, ivan)
    assert version.aliases.get().name == "champion"
    with pytest.raises(PermissionDenied, match="remove alias champion"):
        versions.delete_alias(model=version.model, alias="champion", by=ada.actor())
    assert version.aliases.count() == 1


def test_what_no_policy_protects_is_as_ever(version: ModelVersion, policy: PolicyRevision, ada: User) -> None:
    versions.set_stage(version=version, stage="Staging", archive_existing=False, by=ada.actor())
    versions.set_alias(version=version, alias="challenger", by=ada.actor())
    assert _stage(version) == "Staging"
    assert not ChangeRequest.objects.exists()
