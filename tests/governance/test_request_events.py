"""What webhooks are told of change requests: each step once, with what it is about and where it is decided."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.governance.actions import proposal_of
from apps.governance.models import PolicyRevision
from apps.governance.services import sweeping, voting
from apps.governance.services.break_glass import break_glass
from apps.registry import events
from apps.registry.models import Delivery, ModelVersion
from tests.governance.making import approve, ask, make_policy, make_team, reject
from tests.governance.test_exceptions import late
from tests.registry.webhooks.conftest import make, receiver  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def watching(make: Any) -> None:  # noqa: F811  the fixture above
    make(events=list(events.CHANGE_REQUEST.values()))


def told() -> list[tuple[str, str]]:
    """What was told so far, with the kind of the request."""
    return [
        (delivery.action, json.loads(delivery.body)["data"]["kind"])
        for delivery in Delivery.objects.filter(entity="CHANGE_REQUEST").order_by("pk")
    ]


def test_an_approval_is_told_from_its_opening_to_its_application(
    watching: None,
    ada: User,
    rita: User,
    version: ModelVersion,
    one: PolicyRevision,
) -> None:
    request = approve(ask(ada, version), rita)
    assert told() == [("OPENED", "change"), ("APPROVED", "change"), ("APPLIED", "change")]
    last = json.loads(Delivery.objects.latest("pk").body)
    assert (last["entity"], last["action"]) == ("change_request", "applied")
    assert last["data"] | {"url": "", "valid_until": ""} == {
        "id": str(request.pk),
        "kind": "change",
        "state": "applied",
        "action": "registry.set_stage",
        "object": version.model.name,
        "subject": request.subject_name,
        "target": "Production",
        "summary": request.summary,
        "requester": "ada",
        "by": "rita",
        "outcome": "",
        "valid_until": "",
        "url": "",
    }
    assert last["data"]["url"].endswith(f"/admin/reviews/{request.pk}/")


def test_what_ends_without_a_change_is_told_by_its_name(
    watching: None,
    ada: User,
    rita: User,
    version: ModelVersion,
    one: PolicyRevision,
) -> None:
    reject(ask(ada, version), rita)
    voting.cancel(request=ask(ada, version), user=ada, by=ada.actor())
    late(ask(ada, version), expires_at=timezone.now() - timedelta(seconds=1))
    sweeping.sweep()
    assert [action for action, _ in told() if action != "OPENED"] == ["REJECTED", "CANCELLED", "EXPIRED"]


def test_broken_glass_and_revalidation_are_told_once(
    watching: None,
    ada: User,
    rita: User,
    version: ModelVersion,
    root: User,
) -> None:
    make_team("Risk", rita, by=root)
    make_team("On-call", ada, by=root)
    make_policy(root, slots={"Risk": 1}, break_glass=["On-call"], holds_for_days=90)
    Delivery.objects.all().delete()
    request = break_glass(proposal=proposal_of(ask(ada, version)), user=ada, reason="the model is down", by=ada.actor())
    assert [each for each in told() if each[0] == "GLASS_BROKEN"] == [("GLASS_BROKEN", "ratification")]
    until = timezone.now() + timedelta(days=5)
    late(request, valid_until=until, ended_at=until - timedelta(days=90))
    sweeping.sweep()
    sweeping.sweep()
    assert [action for action, _ in told()].count("REVALIDATION_DUE") == 1


def test_what_is_rolled_back_is_told_to_nobody(
    watching: None,
    ada: User,
    version: ModelVersion,
    one: PolicyRevision,
) -> None:
    with transaction.atomic():
        ask(ada, version)
        transaction.set_rollback(True)
    assert told() == []


def test_mlflows_clients_get_no_list_with_words_that_they_do_not_know() -> None:
    assert not any(event.is_mlflows for event in events.CHANGE_REQUEST.values())
