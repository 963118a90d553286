"""What happens is told to those who asked, in its own transaction: never without it, never of what was undone."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.registry import events
from apps.registry.choices import WebhookStatus
from apps.registry.models import Delivery, Webhook
from apps.registry.services import webhooks
from tests.registry.webhooks.conftest import tell

pytestmark = pytest.mark.django_db

Make = Callable[..., Webhook]


def test_each_active_webhook_that_asked_for_the_event_gets_a_message(make: Make) -> None:
    asked = [make(), make(events=[events.PROMPT_CREATED, events.MODEL_VERSION_CREATED])]
    make(events=[events.MODEL_VERSION_TAG_SET])
    make(status=WebhookStatus.DISABLED)
    tell("model", 1)
    assert [delivery.webhook for delivery in Delivery.objects.order_by("pk")] == asked
    assert {(each.about, each.entity, each.action, each.state, each.attempts) for each in Delivery.objects.all()} == {
        ("model", "MODEL_VERSION", "CREATED", "pending", 0)
    }
    assert len(set(Delivery.objects.values_list("delivery_id"))) == 2


def test_the_message_is_the_one_that_mlflow_sends(hook: Webhook) -> None:
    tell("modèle", 1)
    delivery = Delivery.objects.get()
    body = json.loads(delivery.body)
    at = datetime.fromisoformat(body.pop("timestamp"))
    assert at == delivery.created_at
    assert at.tzinfo
    assert body == {
        "entity": "model_version",
        "action": "created",
        "data": {"name": "modèle", "version": "1", "source": "s", "run_id": None, "tags": {}, "description": None},
    }


def test_where_no_webhook_asks_telling_takes_one_statement(
    make: Make, db: None, django_assert_num_queries: Any
) -> None:
    with transaction.atomic(), django_assert_num_queries(1):
        webhooks.emit(events.PROMPT_CREATED, about="p", data={"name": "p", "tags": {}, "description": ""})
    make(events=[events.MODEL_VERSION_CREATED])
    with transaction.atomic(), django_assert_num_queries(1):
        webhooks.emit(events.PROMPT_CREATED, about="p", data={"name": "p", "tags": {}, "description": ""})
    assert not Delivery.objects.exists()


def test_what_is_undone_is_not_told(hook: Webhook) -> None:
    with transaction.atomic():
        tell("model", 1)
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_a_message_lacks_no_field_and_has_no_other(db: None) -> None:
    whole = {"name": "m", "version": "1"}
    for wrong in ({"name": "m"}, whole | {"stage": "None"}):
        with transaction.atomic(), pytest.raises(ValueError, match=r"MODEL_VERSION\.DELETED has name, version"):
            webhooks.emit(events.MODEL_VERSION_DELETED, about="m", data=wrong)


@pytest.mark.django_db(transaction=True)
def test_telling_outside_the_transaction_of_the_change_is_a_mistake() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        webhooks.emit(events.MODEL_VERSION_DELETED, about="m", data={"name": "m", "version": "1"})


@pytest.mark.django_db(transaction=True)
def test_a_job_is_asked_for_after_the_commit_once_for_each_webhook(make: Make) -> None:
    first, second = make(), make()
    with transaction.atomic():
        tell("model", 1)
        tell("model", 2)
        tell("other", 1)
        assert not Job.objects.exists()
    jobs = Job.objects.order_by("pk")
    assert [(job.kind, job.payload, job.username) for job in jobs] == [
        ("registry.deliver", {"webhook": hook.pk}, "system:webhooks") for hook in (first, second)
    ]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_cannot_be_asked_for_fails_nobodys_request(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("apps.jobs.services.enqueue", broken)
    tell("model", 1)
    assert Delivery.objects.count() == 1


def meanwhile(first: Callable[[], Any], second: Callable[[], Any]) -> list[str]:
    """Do `first` in a transaction that stays open while `second` is begun; in which order both were done."""
    done: list[str] = []
    changed = threading.Event()

    def slow() -> None:
        with transaction.atomic():
            first()
            changed.set()
            # Long enough for the other to overtake, if nothing stopped it.
            threading.Event().wait(0.4)
            done.append("first")
        connection.close()

    def quick() -> None:
        changed.wait()
        second()
        done.append("second")
        connection.close()

    with ThreadPoolExecutor(2) as threads:
        for ended in [threads.submit(slow), threads.submit(quick)]:
            ended.result()
    return done


@pytest.mark.django_db(transaction=True)
def test_messages_become_visible_in_the_order_of_their_ids(hook: Webhook) -> None:
    done = meanwhile(lambda: tell("model", 1), lambda: tell("model", 2))
    assert done == ["first", "second"]
    told = [
        json.loads(body)["data"]["version"] for body in Delivery.objects.order_by("pk").values_list("body", flat=True)
    ]
    assert told == ["1", "2"]


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_is_deleted_while_it_is_told_something_fails_neither(hook: Webhook, root: User) -> None:
    meanwhile(lambda: tell("model", 1), lambda: webhooks.delete(webhook=hook, by=root.actor()))
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_happens_while_a_webhook_is_deleted_fails_neither(hook: Webhook, root: User) -> None:
    meanwhile(lambda: webhooks.delete(webhook=hook, by=root.actor()), lambda: tell("model", 1))
    assert not Delivery.objects.exists()
