"""Deploying under policies, where it cannot wait and when its time is over: what stood before stands again, or none."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.governance.choices import State
from apps.governance.models import ChangeRequest
from apps.governance.services import sweeping
from apps.governance.services.break_glass import break_glass
from apps.governance.services.dry_run import dry_run
from apps.governance.terms import read_terms
from apps.registry.models import ModelVersion, RegisteredModel
from apps.serving import proposals
from apps.serving.models import Deployment
from apps.serving.services import deployments
from apps.tracking.models import Run
from mlregistry.errors import AskedFor
from mlregistry.levels import Level
from tests.governance.making import approve, make_policy, make_team, reject
from tests.governance.test_exceptions import late
from tests.registry.making import give
from tests.serving.making import built, deployed, servable

pytestmark = pytest.mark.django_db


@pytest.fixture
def newer(version: ModelVersion, ada: User, model: RegisteredModel, run: Run) -> ModelVersion:
    """Version 2, with an image; version 1 is live."""
    deployed(version, "fraud-live", ada)
    found = servable(ada, model, run)
    built(found)
    return found


@pytest.fixture
def olga(risk: Team, root: User, model: RegisteredModel) -> User:
    """On call."""
    person = User.objects.create_user("olga", is_staff=True)
    give(person, model, Level.EDIT)
    make_team("On-call", person, by=root)
    return person


def protect(root: User, **more: Any) -> None:
    make_policy(root, protects={"deploy": ["fraud-*"]}, slots={"Risk": 1}, **more)


def serves() -> int | None:
    """The version that it serves, or will."""
    standing = deployments.newest_standing(Deployment.objects.get(name="fraud-live"))
    return standing.version.version if standing else None


def broken(version: ModelVersion, user: User) -> ChangeRequest:
    proposal = proposals.deploy(version, "fraud-live")
    return break_glass(proposal=proposal, user=user, reason="it is down", by=user.actor())


def test_broken_glass_deploys_at_once_and_goes_back_when_it_is_not_ratified(
    newer: ModelVersion, root: User, olga: User, rita: User
) -> None:
    protect(root, break_glass=["On-call"])
    request = broken(newer, olga)
    assert (request.state, request.before, serves()) == (State.APPLIED, {"version": 1}, 2)
    reject(request.followers.get(), rita)
    assert serves() == 1


def test_what_served_nothing_before_serves_nothing_again(
    version: ModelVersion, root: User, olga: User, rita: User
) -> None:
    built(version)
    protect(root, break_glass=["On-call"])
    reject(broken(version, olga).followers.get(), rita)
    assert serves() is None


def test_an_approval_that_ran_out_takes_the_deployment_down_where_its_policy_says_so(
    newer: ModelVersion, risk: Team, root: User, ada: User, rita: User
) -> None:
    protect(root, holds_for_days=30, when_expired="remove")
    with pytest.raises(AskedFor):
        deployments.deploy(version=newer, name="fraud-live", by=ada.actor())
    request = approve(ChangeRequest.objects.get(), rita)
    assert serves() == 2
    late(request, valid_until=timezone.now() - timedelta(seconds=1))
    sweeping.sweep()
    assert serves() is None


def test_a_draft_is_tried_on_what_was_deployed(newer: ModelVersion, root: User, ada: User) -> None:
    deployments.deploy(version=newer, name="fraud-live", by=ada.actor())
    document = {"protects": {"deploy": ["fraud-*"]}, "gates": ["description_set"]}
    found = dry_run(terms=read_terms(document), by=root.actor())
    assert (found.looked_at, found.stopped, found.waiting) == (2, 2, 2)
    assert [change.summary for change in found.changes] == [
        "deploy classifier version 2 to fraud-live",
        "deploy classifier version 1 to fraud-live",
    ]
