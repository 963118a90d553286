"""What tests of webhooks begin with: an administrator, a receiver that may be called, and events to tell of."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.registry import events
from apps.registry.models import Delivery, Webhook
from apps.registry.services import deliveries, webhooks
from mlregistry.celery import make_app
from tests.receiver import Receiver, receiving

SECRET = "only the receiver and we know"


@pytest.fixture(autouse=True)
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is enqueued goes to a folder that nobody reads: the tests run the jobs themselves."""
    monkeypatch.setattr("mlregistry.celery.app", make_app("", "test", tmp_path))


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.MLREGISTRY_OUTGOING_ALLOW = ("127.0.0.1",)
    with receiving() as running:
        yield running


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def make(root: User, receiver: Receiver) -> Callable[..., Webhook]:
    """Makes webhooks to the receiver; they are told of new versions unless it is said otherwise."""

    def made(**wanted: Any) -> Webhook:
        given = {
            "name": "hook",
            "url": f"{receiver.address}/hook",
            "events": [events.MODEL_VERSION_CREATED],
            "secret": SECRET,
            "by": root.actor(),
        }
        return webhooks.create(**given | wanted)

    return made


@pytest.fixture
def hook(make: Callable[..., Webhook]) -> Webhook:
    return make()


def tell(model: str, number: int) -> None:
    """Version `number` of `model` has been made."""
    made = {"name": model, "version": str(number), "source": "s", "run_id": None, "tags": {}, "description": None}
    with transaction.atomic():
        webhooks.emit(events.MODEL_VERSION_CREATED, about=model, data=made)


def send(hook: Webhook) -> int:
    """What the job does for the webhook."""
    return deliveries.send_due(webhook_pk=hook.pk, check=lambda: None)


def time_passes() -> None:
    """Whatever waits for its next attempt has waited long enough."""
    Delivery.objects.filter(finished_at=None).update(due_at="2020-01-01T00:00:00Z")


def told(receiver: Receiver) -> list[str]:
    """Which versions the receiver was told of, in the order in which it was."""
    return [f"{got.data['name']} {got.data['version']}" for got in receiver.got]
