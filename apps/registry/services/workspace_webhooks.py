"""Webhooks of a workspace registry: its events, its messages and its signature, sent and kept like all others."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from apps.accounts.permissions import require_admin
from apps.audit import services as audit
from apps.registry import limits
from apps.registry.models import Delivery, RegisteredModel, Webhook
from apps.registry.services import deliveries, webhooks
from apps.registry.services.deliveries import Outcome
from apps.registry.workspace import RegistryEvent, RegistryWebhookStatus
from apps.tracking.clock import now_ms
from apps.tracking.rules import check_length
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.sealing import seal

ENTITY = "REGISTRY"
"""What the log of deliveries has for entity; the event's name is the action."""
_SECRET = ("sealed_secret", "sealed_authorization")


def create(*, events: Sequence[RegistryEvent], model: RegisteredModel | None, by: Actor, **asked: Any) -> Webhook:
    """One that is told of `events` from now on: of one model, or of all."""
    require_admin(by)
    fields = _fields(events=events, **asked)  # finding the address can take seconds, so it is no part of what follows
    now, key = now_ms(), uuid4()
    with transaction.atomic():
        webhook = Webhook.objects.create(
            webhook_id=key,
            name=f"registry-{key.hex[:8]}",
            is_workspace=True,
            model=model,
            creation_time=now,
            last_updated_time=now,
            created_by=by.username,
            **fields,
        )
        about = {"model": model.name} if model else {}
        audit.record("registry.webhook.create", target=webhook, by=by, **_told(fields), **about)
    return webhook


def update(*, webhook: Webhook, by: Actor, **asked: Any) -> Webhook:
    """Change what is given; what is pending goes to the new address."""
    require_admin(by)
    fields = _fields(**asked)
    with transaction.atomic():
        changed = fields | {"last_updated_time": now_ms()}
        if not Webhook.objects.filter(pk=webhook.pk).update(**changed):
            raise NotFound(f"Webhook with ID {webhook.webhook_id} not found.")
        for field, value in changed.items():
            setattr(webhook, field, value)
        audit.record("registry.webhook.update", target=webhook, by=by, **_told(fields))
        transaction.on_commit(deliveries.wake_due, robust=True)
    return webhook


def test(*, webhook: Webhook, event: RegistryEvent | None, by: Actor) -> Outcome:
    """Send a message of `event`, or of the webhook's first, and say at once what became of it."""
    require_admin(by)
    event = event or RegistryEvent(webhook.events[0])
    with transaction.atomic():
        audit.record("registry.webhook.test", target=webhook, by=by, event=event.value)
    name = webhook.model.name if webhook.model else "example_model"
    body = _body(webhook, event, {"model_name": name, "version": "1", "text": f"A test of {event}."}, now_ms())
    return deliveries.send(webhook=webhook, delivery_id=uuid4(), body=body)


def emit(events: Sequence[RegistryEvent], *, model: RegisteredModel, text: str, **data: Any) -> None:
    """Tell every webhook that asked for one of `events`, once each, in the transaction of what happened to `model`."""
    if not _subscribed(events, model):
        return
    audit.take_turn()  # as in `webhooks.emit`
    now, at = timezone.now(), now_ms()
    told = {"model_name": model.name, **data, "text": text}
    webhooks.send_later(
        [
            Delivery(
                webhook=webhook,
                about=model.name,
                entity=ENTITY,
                action=event.value,
                body=_body(webhook, event, told, at),
                created_at=now,
                due_at=now,
            )
            for webhook, event in _subscribed(events, model)
        ]
    )


def _subscribed(events: Sequence[RegistryEvent], model: RegisteredModel) -> list[tuple[Webhook, RegistryEvent]]:
    """Each webhook with the first of the events that it asked for."""
    active = Webhook.objects.filter(status=RegistryWebhookStatus.ACTIVE.value, is_workspace=True).order_by("pk")
    found = []
    for webhook in active:
        asked = [event for event in events if event.value in webhook.events]
        if asked and webhook.model_id in (None, model.pk):
            found.append((webhook, asked[0]))
    return found


def _body(webhook: Webhook, event: RegistryEvent, told: Mapping[str, Any], at: int) -> str:
    head = {"event": event.value, "webhook_id": str(webhook.webhook_id), "event_timestamp": at}
    return json.dumps(head | dict(told))


def _fields(**asked: Any) -> dict[str, Any]:
    """The row's fields for what is asked, each checked; None changes nothing."""
    fields: dict[str, Any] = {}
    for name, value in asked.items():
        if value is None:
            continue
        if name == "events":
            if not value:
                raise InvalidParameter("A webhook is told of at least one event.")
            fields["events"] = [event.value for event in RegistryEvent if event in value]
        elif name == "url":
            fields["url"] = webhooks.checked_url(value)
        elif name == "description":
            fields["description"] = webhooks.checked_description(value)
        elif name == "secret":
            fields["sealed_secret"] = webhooks.sealed(value)
        elif name == "authorization":
            fields["sealed_authorization"] = _authorization(value)
        elif name == "status":
            fields["status"] = value.value
        else:
            fields["verifies_tls"] = value
    return fields


def _authorization(value: str) -> str:
    check_length("authorization", value, limits.WEBHOOK_SECRET)
    if not value.isascii() or not value.isprintable():
        raise InvalidParameter("The authorization is a header of printable ASCII characters.")
    return seal(value, deliveries.AUTHORIZATION) if value else ""


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit record is told: of secrets only whether there are any."""
    told = {column: value for column, value in fields.items() if column not in _SECRET}
    return told | {column.replace("sealed", "has"): bool(fields[column]) for column in _SECRET if column in fields}
