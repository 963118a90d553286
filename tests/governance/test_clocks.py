"""Clocks that are moved: requests live by the one of the database that holds them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.governance.choices import State
from apps.governance.models import PolicyRevision
from apps.governance.services import sweeping
from apps.registry.models import ModelVersion
from tests.governance.doors import Caller, accepted, asked_for, refused, stage, to_production, vote

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("one")
def test_a_clock_that_is_set_back_opens_nothing_again(
    version: ModelVersion, ada: User, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine that answers says it is a year ago; the database that holds the requests knows better."""
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() - timedelta(days=365))
    request = asked_for(to_production(Caller(ada), version))  # it expired when a year ago was two weeks old
    monkeypatch.setattr(timezone, "now", lambda: now() - timedelta(days=360))
    refused(vote(Caller(rita), request), "has expired")
    request.refresh_from_db()
    assert (request.state, stage(version)) == (State.EXPIRED, "None")


def test_a_clock_that_is_set_forward_ends_nothing_early(
    version: ModelVersion, one: PolicyRevision, ada: User, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked_for(to_production(Caller(ada), version))
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(days=365))
    sweeping.sweep()
    monkeypatch.undo()
    request.refresh_from_db()
    assert request.state == State.OPEN
    accepted(vote(Caller(rita), request))
