"""What is out of the ordinary: breaking glass, what time does, and a store that is away."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import teams
from apps.audit.models import Entry
from apps.governance import triggers
from apps.governance.choices import Kind, State
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.governance.services import sweeping
from apps.governance.services.break_glass import break_glass
from apps.governance.services.revalidating import revalidate
from apps.registry import proposals
from apps.registry.actions.stages import SetStage
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import versions
from mlregistry.errors import BadRequest, Busy, InvalidParameter, PermissionDenied
from mlregistry.levels import Level
from tests.governance.making import approve, ask, make_policy, make_team, reject
from tests.registry.making import give

pytestmark = pytest.mark.django_db
REASON = "customers get wrong prices"


@pytest.fixture
def oncall(root: User, model: RegisteredModel) -> User:
    person = User.objects.create_user("olga", is_staff=True)
    give(person, model, Level.EDIT)
    make_team("On-call", person, by=root)
    return person


@pytest.fixture
def glass(risk: Any, oncall: User, root: User) -> PolicyRevision:
    return make_policy(root, slots={"Risk": 1}, break_glass=["On-call"], ratify_within_hours=1)


def broken(version: ModelVersion, user: User, reason: str = REASON) -> ChangeRequest:
    proposal = proposals.set_stage(version, "Production", archive_existing=False)
    return break_glass(proposal=proposal, user=user, reason=reason, by=user.actor())


def stage(version: ModelVersion) -> str:
    version.refresh_from_db()
    return version.current_stage


def late(request: ChangeRequest, **fields: Any) -> None:
    """As if the time had come: what the database refuses to everybody is lifted for that."""
    triggers.remove(connection)
    ChangeRequest.objects.filter(pk=request.pk).update(**fields)
    triggers.install(connection)


def test_broken_glass_applies_at_once_and_stays_when_it_is_ratified(
    version: ModelVersion, glass: PolicyRevision, oncall: User, rita: User
) -> None:
    request = broken(version, oncall)
    assert (request.state, request.kind, stage(version)) == (State.APPLIED, Kind.BREAK_GLASS, "Production")
    assert Entry.objects.filter(action="governance.request.break_glass", username="olga").count() == 1
    ratification = request.followers.get()
    with pytest.raises(PermissionDenied):
        approve(ratification, oncall)
    assert approve(ratification, rita).state == State.APPLIED
    sweeping.sweep()
    assert stage(version) == "Production"


def test_what_is_not_ratified_is_taken_back(
    version: ModelVersion, glass: PolicyRevision, oncall: User, rita: User
) -> None:
    reject(broken(version, oncall).followers.get(), rita)
    assert stage(version) == "None"


def test_what_is_deleted_before_it_is_ratified_needs_that_no_more(
    version: ModelVersion, glass: PolicyRevision, oncall: User, ada: User, rita: User
) -> None:
    ratification = broken(version, oncall).followers.get()
    versions.set_stage(version=version, stage="Archived", archive_existing=False, by=ada.actor())
    versions.delete_version(version=version, by=ada.actor())
    sweeping.sweep()
    ratification.refresh_from_db()
    assert ratification.state == State.STALE
    with pytest.raises(BadRequest, match="has been deleted"):
        approve(ratification, rita)


def test_what_is_not_ratified_in_time_is_taken_back(version: ModelVersion, glass: PolicyRevision, oncall: User) -> None:
    request = broken(version, oncall)
    late(request.followers.get(), expires_at=timezone.now() - timedelta(seconds=1))
    sweeping.sweep()
    request.refresh_from_db()
    assert (stage(version), request.taken_back_at is not None) == ("None", True)


def test_glass_is_broken_by_nobody_else(
    version: ModelVersion, glass: PolicyRevision, oncall: User, ada: User, model: RegisteredModel
) -> None:
    with pytest.raises(PermissionDenied, match="members of On-call may"):
        broken(version, ada)
    with pytest.raises(InvalidParameter, match="reason"):
        broken(version, oncall, "")
    give(oncall, model, Level.READ)
    with pytest.raises(PermissionDenied, match="takes EDIT"):
        broken(version, oncall)
    assert stage(version) == "None"


def test_neither_another_team_of_the_name_nor_a_place_of_ones_own_making_breaks_glass(
    version: ModelVersion, glass: PolicyRevision, oncall: User, ada: User, root: User
) -> None:
    teams.update(team=oncall.groups.get().team, name="Gone", by=root.actor())
    make_team("On-call", ada, by=root)
    with pytest.raises(PermissionDenied):
        broken(version, ada)
    teams.add_member(team=oncall.groups.get().team, user=root, by=root.actor())
    with pytest.raises(PermissionDenied):
        broken(version, root)
    assert broken(version, oncall).state == State.APPLIED


def test_a_request_expires_by_the_clock_of_the_database(
    version: ModelVersion, policy: PolicyRevision, ada: User
) -> None:
    request = ask(ada, version)
    late(request, expires_at=timezone.now() - timedelta(seconds=1))
    sweeping.sweep()
    request.refresh_from_db()
    assert request.state == State.EXPIRED


def test_an_approval_that_ran_out_is_taken_back_where_the_policy_says_so(
    version: ModelVersion, risk: Any, root: User, ada: User, rita: User
) -> None:
    make_policy(root, slots={"Risk": 1}, holds_for_days=30, when_expired="remove")
    request = approve(ask(ada, version), rita)
    again = approve(revalidate(request=request, by=ada.actor()), rita)
    late(request, valid_until=timezone.now() - timedelta(seconds=1))
    sweeping.sweep()
    assert stage(version) == "Production", "it was approved for another while"
    late(again, valid_until=timezone.now() - timedelta(seconds=1))
    sweeping.sweep()
    assert stage(version) == "Archived"


def test_a_store_that_is_away_decides_nothing(
    version: ModelVersion, one: PolicyRevision, ada: User, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask(ada, version)

    def away(*_: Any) -> None:
        raise Busy("the store does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(SetStage, "verify", away)
        with pytest.raises(Busy):
            approve(request, rita)
    request.refresh_from_db()
    assert (request.state, stage(version)) == (State.OPEN, "None")
