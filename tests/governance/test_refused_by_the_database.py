"""What the database refuses by itself, with none of our Python in between."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.governance.choices import Decision, State
from apps.governance.models import ChangeRequest, Exclusion, PolicyRevision, Vote
from apps.registry.models import ModelVersion
from tests.governance.making import approve, ask, reject

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(version: ModelVersion, policy: PolicyRevision, ada: User) -> ChangeRequest:
    return ask(ada, version)


def cast(request: ChangeRequest, person: User, **more: Any) -> Vote:
    fields = {"decision": Decision.APPROVE, "voter": person.username, "voter_id": person.pk, "cast_at": timezone.now()}
    return Vote.objects.create(request=request, **(fields | more))


def refused(write: Any, *args: Any, **more: Any) -> str:
    """What the database says to it."""
    with pytest.raises(IntegrityError) as said, transaction.atomic():
        write(*args, **more)
    return str(said.value)


def test_a_second_vote_of_one_person(request_: ChangeRequest, rita: User) -> None:
    cast(request_, rita)
    refused(cast, request_, rita)
    refused(cast, request_, rita, voter="rita again")
    refused(cast, request_, rita, voter_id=rita.pk + 1)


def test_a_vote_of_the_requester_or_of_whoever_had_a_hand_in_it(request_: ChangeRequest, ada: User, bob: User) -> None:
    assert "own request" in refused(cast, request_, ada)
    assert "excluded" in refused(cast, request_, bob)


def test_a_vote_of_a_service_account(request_: ChangeRequest, rita: User) -> None:
    refused(cast, request_, rita, voter_kind="service_account")


def test_a_vote_on_what_has_ended(request_: ChangeRequest, rita: User, ivan: User) -> None:
    reject(request_, rita)
    assert "not open" in refused(cast, request_, ivan)


def test_to_change_or_withdraw_a_vote(request_: ChangeRequest, rita: User) -> None:
    vote = cast(request_, rita, decision=Decision.REJECT)
    assert "changed" in refused(Vote.objects.filter(pk=vote.pk).update, decision=Decision.APPROVE)
    assert "withdrawn" in refused(vote.delete)


@pytest.mark.parametrize("state", [State.APPROVED, State.APPLIED])
def test_to_apply_without_the_approvals(state: State, request_: ChangeRequest, rita: User, ivan: User) -> None:
    row = ChangeRequest.objects.filter(pk=request_.pk)
    assert "lacks approvals" in refused(row.update, state=state)
    cast(request_, rita)
    assert "lacks approvals" in refused(row.update, state=state)
    cast(request_, ivan, decision=Decision.REJECT)
    assert "lacks approvals" in refused(row.update, state=state)


def test_to_lower_what_is_needed_or_change_what_is_asked(request_: ChangeRequest) -> None:
    row = ChangeRequest.objects.filter(pk=request_.pk)
    changes: list[dict[str, Any]] = [
        {"approvals_needed": 0}, {"kind": "break_glass"}, {"target": "Staging"}, {"payload": {}}, {"subject_id": None},
        {"requester": "eve"}, {"requester_id": 0}, {"expires_at": timezone.now()}, {"identity": "0"},
    ]  # fmt: skip
    for change in changes:
        assert "cannot be changed" in refused(row.update, **change), change
    assert "evidence" in refused(row.update, evidence_digest="0" * 64)


def test_to_leave_an_end(request_: ChangeRequest, rita: User, ivan: User) -> None:
    approve(request_, rita)
    approve(request_, ivan)
    row = ChangeRequest.objects.filter(pk=request_.pk)
    for state in (State.OPEN, State.APPROVED, State.CANCELLED):
        assert "forward" in refused(row.update, state=state)


def test_to_delete_a_request_or_an_exclusion(request_: ChangeRequest) -> None:
    for table in ("governance_changerequest", "governance_exclusion"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"delete from {table}")
    assert "cannot be changed" in refused(Exclusion.objects.update, username="nobody")


def test_to_insert_a_request_that_is_applied_already(request_: ChangeRequest) -> None:
    request_.pk, request_.identity, request_.state = None, "another", State.APPLIED
    assert "begins open" in refused(request_.save, force_insert=True)


def test_a_second_live_request_for_the_same(request_: ChangeRequest) -> None:
    request_.pk = None
    refused(request_.save, force_insert=True)


def test_to_change_or_delete_a_published_policy(policy: PolicyRevision) -> None:
    row = PolicyRevision.objects.filter(pk=policy.pk)
    assert "published" in refused(row.update, document={})
    assert "published" in refused(row.update, enabled_by=[])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from governance_policyrevision")
