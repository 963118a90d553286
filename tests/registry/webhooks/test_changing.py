"""Webhooks are made, changed and removed by administrators, are checked before anything is written, and recorded."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.registry import events
from apps.registry.choices import WebhookStatus
from apps.registry.models import Delivery, Webhook
from apps.registry.services import deliveries, webhooks
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from mlregistry.sealing import unseal
from tests.receiver import Receiver
from tests.registry.webhooks.conftest import SECRET, send, tell

pytestmark = pytest.mark.django_db

Make = Callable[..., Webhook]


def recorded() -> list[tuple[str, str, dict[str, Any]]]:
    entries = Entry.objects.filter(action__startswith="registry.webhook").order_by("sequence")
    return [(entry.action, entry.target_name, entry.details) for entry in entries]


def test_a_webhook_is_kept_as_it_was_asked_for(make: Make, receiver: Receiver) -> None:
    both = [events.MODEL_VERSION_TAG_SET, events.MODEL_VERSION_CREATED, events.MODEL_VERSION_TAG_SET]
    made = Webhook.objects.get(pk=make(events=both, description="for the tests", status=WebhookStatus.DISABLED).pk)
    assert (made.name, made.url, made.description) == ("hook", f"{receiver.address}/hook", "for the tests")
    assert made.events == ["MODEL_VERSION.CREATED", "MODEL_VERSION_TAG.SET"]
    assert (made.status, made.created_by) == ("DISABLED", "root")
    assert made.creation_time == made.last_updated_time


def test_the_secret_is_sealed_in_the_database_and_in_no_record(make: Make, root: User) -> None:
    hook = make()
    webhooks.update(webhook=hook, secret="another one", by=root.actor())
    row = Webhook.objects.values().get(pk=hook.pk)
    assert unseal(row["sealed_secret"], deliveries.SECRET) == "another one"
    everything = f"{row} {list(Entry.objects.values())}"
    assert SECRET not in everything
    assert "another one" not in everything


def test_who_did_what_is_recorded(make: Make, root: User) -> None:
    hook = make(events=[events.PROMPT_CREATED])
    webhooks.update(webhook=hook, name="renamed", by=root.actor())
    webhooks.update(webhook=hook, secret="", by=root.actor())
    webhooks.test(webhook=hook, event=None, by=root.actor())
    webhooks.delete(webhook=hook, by=root.actor())
    assert recorded() == [
        (
            "registry.webhook.create",
            "hook",
            {
                "name": "hook",
                "url": hook.url,
                "events": ["PROMPT.CREATED"],
                "description": "",
                "status": "ACTIVE",
                "is_signed": True,
            },
        ),
        ("registry.webhook.update", "renamed", {"name": "renamed"}),
        ("registry.webhook.update", "renamed", {"is_signed": False}),
        ("registry.webhook.test", "renamed", {"event": "PROMPT.CREATED"}),
        ("registry.webhook.delete", "renamed", {"url": hook.url}),
    ]


def test_none_but_administrators_do_any_of_it(hook: Webhook, receiver: Receiver) -> None:
    tell("model", 1)
    by = User.objects.create_user("ada").actor()
    delivery = Delivery.objects.get()
    for refused in (
        lambda: webhooks.create(name="a", url=hook.url, events=[events.PROMPT_CREATED], by=by),
        lambda: webhooks.update(webhook=hook, name="b", by=by),
        lambda: webhooks.delete(webhook=hook, by=by),
        lambda: webhooks.test(webhook=hook, event=None, by=by),
        lambda: webhooks.replay(delivery=delivery, by=by),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    assert list(Webhook.objects.values_list("name", flat=True)) == ["hook"]
    assert receiver.got == []


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"name": ""}, "Webhook name '' is invalid"),
        ({"name": "-a"}, "Webhook name '-a' is invalid"),
        ({"name": "a\n"}, "is invalid"),
        ({"name": "a" * 64}, "is invalid"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "no public address"),
        ({"url": "ftp://8.8.8.8/"}, "https or http is needed"),
        ({"url": "https://8.8.8.8/" + "u" * 500}, "at most 500 characters, not 516"),
        ({"events": []}, "must be a non-empty list"),
        ({"description": "d" * 1001}, "at most 1000 characters, not 1001"),
        ({"secret": "s" * 501}, "at most 500 characters, not 501"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    make: Make, root: User, wanted: dict[str, Any], said: str
) -> None:
    hook = make()
    before = (list(Webhook.objects.values()), Entry.objects.count())
    with pytest.raises(InvalidParameter, match=said):
        make(**wanted)
    with pytest.raises(InvalidParameter, match=said):
        webhooks.update(webhook=hook, by=root.actor(), **wanted)
    assert (list(Webhook.objects.values()), Entry.objects.count()) == before


def test_only_what_is_given_is_changed(make: Make, root: User) -> None:
    hook = make(description="first")
    before = Webhook.objects.values().get(pk=hook.pk)
    webhooks.update(webhook=hook, description="", events=[events.PROMPT_CREATED], by=root.actor())
    after = Webhook.objects.values().get(pk=hook.pk)
    assert after["last_updated_time"] >= before["last_updated_time"]
    changed = {"description": "", "events": ["PROMPT.CREATED"], "last_updated_time": after["last_updated_time"]}
    assert after == before | changed


def test_an_empty_secret_ends_signing(hook: Webhook, root: User, receiver: Receiver) -> None:
    webhooks.update(webhook=hook, secret="", by=root.actor())
    tell("model", 1)
    send(hook)
    assert "X-MLflow-Signature" not in receiver.got[0].headers


def test_a_webhook_that_is_gone_cannot_be_changed(hook: Webhook, root: User) -> None:
    Webhook.objects.all().delete()
    with pytest.raises(NotFound):
        webhooks.update(webhook=hook, name="late", by=root.actor())


def test_deleting_is_final_and_takes_what_was_pending_along(hook: Webhook, root: User, receiver: Receiver) -> None:
    tell("model", 1)
    webhooks.delete(webhook=hook, by=root.actor())
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()
    assert send(hook) == 0
    assert receiver.got == []
    assert Entry.objects.filter(action="registry.webhook.delete", target_name="hook").exists()


@pytest.mark.parametrize("event", events.EVENTS.values(), ids=events.EVENTS)
def test_a_test_sends_the_example_of_an_event_at_once(
    hook: Webhook, root: User, receiver: Receiver, event: events.Event
) -> None:
    outcome = webhooks.test(webhook=hook, event=event, by=root.actor())
    assert (outcome.status, outcome.error) == (200, "")
    (got,) = receiver.got
    assert got.data == event.example
    assert got.is_signed_with(SECRET)
    assert not Delivery.objects.exists()


def test_a_test_of_no_event_takes_the_first_of_the_webhook(make: Make, root: User, receiver: Receiver) -> None:
    hook = make(events=[events.PROMPT_TAG_SET, events.PROMPT_CREATED])
    webhooks.test(webhook=hook, event=None, by=root.actor())
    assert receiver.got[0].data == events.PROMPT_CREATED.example


def test_a_test_tells_the_status_and_nothing_that_the_receiver_said(
    hook: Webhook, root: User, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 403
    outcome = webhooks.test(webhook=hook, event=None, by=root.actor())
    assert (outcome.status, outcome.error) == (403, "The receiver answered 403 (Forbidden).")


def test_a_hostile_address_that_is_in_the_database_is_not_called(
    hook: Webhook, root: User, receiver: Receiver, settings: Any
) -> None:
    """It may have been put there around the check, or have been allowed when it was."""
    settings.MLREGISTRY_OUTGOING_ALLOW = ()
    outcome = webhooks.test(webhook=hook, event=None, by=root.actor())
    assert outcome.status is None
    assert "no public address" in outcome.error
    tell("model", 1)
    send(hook)
    assert "no public address" in Delivery.objects.get().error
    assert receiver.got == []


def test_events_have_the_fields_that_mlflow_sends() -> None:
    from mlflow.webhooks.types import EVENT_TO_PAYLOAD_CLASS  # noqa: PLC0415  takes a second

    for (entity, action), payload in EVENT_TO_PAYLOAD_CLASS.items():
        ours = events.EVENTS[f"{entity.value}.{action.value}".upper()]
        assert ours.example == payload.example()
        assert list(ours.example) == list(payload.__annotations__)
