"""What webhooks are told of deployments: each rollout that is live, failed or stopped, once, and nothing else."""

import json
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.registry import events
from apps.registry.models import Delivery, ModelVersion, RegisteredModel, Webhook
from apps.serving.choices import ImageState, RolloutState
from apps.serving.models import Rollout
from apps.serving.services import deployments
from apps.serving.services.rolling_out import BY, _fail_given_up, _go_live
from apps.tracking.models import Run
from tests.receiver import Receiver
from tests.registry.webhooks.conftest import SECRET, make, receiver, send  # noqa: F401  fixtures
from tests.serving.making import built, deployed, servable

DEPLOYMENT = (events.DEPLOYMENT_LIVE, events.DEPLOYMENT_FAILED, events.DEPLOYMENT_STOPPED)
NAME = "fraud-live"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def watching(make: Any) -> Webhook:  # noqa: F811  the fixture above
    watching: Webhook = make(events=list(DEPLOYMENT))
    return watching


def starting(version: ModelVersion, by: User) -> Rollout:
    """On its way into the deployment, as a worker finds it."""
    built(version)
    rollout = deployments.deploy(version=version, name=NAME, by=by.actor())
    Rollout.objects.filter(pk=rollout.pk).update(state=RolloutState.STARTING)
    return Rollout.objects.select_related("deployment__model", "version__model").get(pk=rollout.pk)


def told() -> list[tuple[str, dict[str, Any]]]:
    """What happened, and what is said of it."""
    bodies = [json.loads(delivery.body) for delivery in Delivery.objects.order_by("pk")]
    assert {body["entity"] for body in bodies} <= {"deployment"}
    return [(body["action"], body["data"]) for body in bodies]


def rolled_out(number: int, version: int = 1, **more: str) -> dict[str, Any]:
    return {"name": NAME, "model": "classifier", "version": str(version), "number": number, **more}


def test_going_live_is_told(version: ModelVersion, ada: User) -> None:
    rollout = starting(version, ada)
    assert told() == []
    assert _go_live(rollout)
    assert told() == [("live", rolled_out(1))]
    assert Delivery.objects.get().about == "classifier"


def test_what_is_replaced_is_told_by_what_replaced_it(
    version: ModelVersion, ada: User, model: RegisteredModel, run: Run
) -> None:
    _go_live(starting(version, ada))
    _go_live(starting(servable(ada, model, run), ada))
    assert told() == [("live", rolled_out(1)), ("live", rolled_out(2, version=2))]


def test_what_was_stopped_before_it_was_live_does_not_go_live(version: ModelVersion, ada: User) -> None:
    rollout = starting(version, ada)
    deployments.stop(deployment=rollout.deployment, by=ada.actor())
    assert not _go_live(rollout)
    assert told() == [("stopped", rolled_out(1, by="ada"))]


def test_a_failure_is_told_once_with_its_reason(version: ModelVersion, ada: User) -> None:
    rollout = starting(version, ada)
    for _ in range(2):
        deployments.fail(rollout=rollout, why="It did not answer.", by=BY)
    assert told() == [("failed", rolled_out(1, message="It did not answer."))]


def test_a_rollout_without_an_image_or_a_job_is_told_to_have_failed(
    version: ModelVersion, ada: User, model: RegisteredModel, run: Run
) -> None:
    deployments.deploy(version=version, name=NAME, by=ada.actor())
    built(version, state=ImageState.FAILED, message="There is no such package.")
    deployments.deploy(version=servable(ada, model, run), name=NAME, by=ada.actor())
    Rollout.objects.update(job=None)
    _fail_given_up()
    assert told() == [
        ("failed", rolled_out(1, message="There is no image of it. There is no such package.")),
        ("failed", rolled_out(2, version=2, message="It was given up: its job forgotten.")),
    ]


def test_stopping_is_told_of_what_is_live_and_of_what_was_to_come(
    version: ModelVersion, ada: User, bob: User, model: RegisteredModel, run: Run
) -> None:
    rollout = deployed(version, NAME, ada)
    starting(servable(ada, model, run), ada)
    deployments.stop(deployment=rollout.deployment, by=bob.actor())
    assert told() == [("stopped", rolled_out(1, by="bob")), ("stopped", rolled_out(2, version=2, by="bob"))]


def test_what_is_rolled_back_is_told_to_nobody(version: ModelVersion, ada: User) -> None:
    rollout = starting(version, ada)
    with transaction.atomic():
        assert _go_live(rollout)
        transaction.set_rollback(True)
    assert told() == []


def test_who_asked_for_other_events_is_told_nothing(version: ModelVersion, ada: User, watching: Webhook) -> None:
    Webhook.objects.filter(pk=watching.pk).update(events=["DEPLOYMENT.FAILED"])
    rollout = starting(version, ada)
    assert _go_live(rollout)
    deployments.stop(deployment=rollout.deployment, by=ada.actor())
    assert told() == []


def test_messages_arrive_signed_and_in_order(
    version: ModelVersion,
    ada: User,
    watching: Webhook,
    receiver: Receiver,  # noqa: F811
) -> None:
    rollout = starting(version, ada)
    _go_live(rollout)
    deployments.stop(deployment=rollout.deployment, by=ada.actor())
    assert send(watching) == 2
    assert [got.data for got in receiver.got] == [rolled_out(1), rolled_out(1, by="ada")]
    assert all(got.is_signed_with(SECRET) for got in receiver.got)


def test_mlflows_clients_get_no_list_with_words_that_they_do_not_know() -> None:
    assert not any(event.is_mlflows for event in DEPLOYMENT)
