"""Webhooks: made, changed and removed by administrators; told of what happens by every service of the registry."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from apps.accounts.permissions import require_admin
from apps.audit import services as audit
from apps.registry import limits
from apps.registry.choices import DeliveryState, WebhookStatus
from apps.registry.events import EVENTS, Event
from apps.registry.models import Delivery, Webhook
from apps.registry.services import deliveries
from apps.registry.services.deliveries import Outcome
from apps.tracking.clock import now_ms
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.outgoing import check_url
from mlregistry.sealing import seal

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def create(
    *,
    name: str,
    url: str,
    events: Sequence[Event],
    description: str = "",
    secret: str = "",
    status: WebhookStatus = WebhookStatus.ACTIVE,
    by: Actor,
) -> Webhook:
    """A webhook that is told of `events` from now on; its messages are signed if there is a secret."""
    require_admin(by)
    # Finding the address can take seconds, so it is no part of the transaction.
    fields = _fields(name=name, url=url, events=events, description=description, secret=secret, status=status)
    now = now_ms()
    with transaction.atomic():
        webhook = Webhook.objects.create(**fields, creation_time=now, last_updated_time=now, created_by=by.username)
        audit.record("registry.webhook.create", target=webhook, by=by, **_told(fields))
    return webhook


def update(
    *,
    webhook: Webhook,
    by: Actor,
    name: str | None = None,
    url: str | None = None,
    events: Sequence[Event] | None = None,
    description: str | None = None,
    secret: str | None = None,
    status: WebhookStatus | None = None,
) -> Webhook:
    """Change what is given; an empty secret ends signing. What is pending goes to the new address."""
    require_admin(by)
    asked = {
        "name": name, "url": url, "events": events, "description": description, "secret": secret, "status": status,
    }  # fmt: skip
    fields = _fields(**{field: value for field, value in asked.items() if value is not None})
    with transaction.atomic():
        changed = fields | {"last_updated_time": now_ms()}
        if not Webhook.objects.filter(pk=webhook.pk).update(**changed):
            raise NotFound(f"Webhook with ID {webhook.webhook_id} not found.")
        for field, value in changed.items():
            setattr(webhook, field, value)
        audit.record("registry.webhook.update", target=webhook, by=by, **_told(fields))
        # It may have been switched on, or have an address at last.
        transaction.on_commit(deliveries.wake_due, robust=True)
    return webhook


@transaction.atomic
def delete(*, webhook: Webhook, by: Actor) -> None:
    """For good, with everything that was or is to be sent to it."""
    require_admin(by)
    audit.take_turn()  # nobody emits to it meanwhile
    Webhook.objects.filter(pk=webhook.pk).delete()
    audit.record("registry.webhook.delete", target=webhook, by=by, url=webhook.url)


def test(*, webhook: Webhook, event: Event | None, by: Actor) -> Outcome:
    """Send the example of `event`, or of the webhook's first, and say at once what became of it."""
    require_admin(by)
    event = event or EVENTS[webhook.events[0]]
    with transaction.atomic():
        audit.record("registry.webhook.test", target=webhook, by=by, event=event.name)
    body = deliveries.render(event, event.example, timezone.now())
    return deliveries.send(webhook=webhook, delivery_id=uuid4(), body=body)


@transaction.atomic
def replay(*, delivery: Delivery, by: Actor) -> Delivery:
    """Send the message again, under the same id and at once, with all its attempts."""
    require_admin(by)
    again = {"state": DeliveryState.PENDING, "attempts": 0, "due_at": timezone.now(), "finished_at": None}
    if not Delivery.objects.filter(pk=delivery.pk).update(**again):
        raise NotFound(f"Delivery with ID {delivery.delivery_id} not found.")
    for field, value in again.items():
        setattr(delivery, field, value)
    audit.record("registry.webhook.replay", target=delivery.webhook, by=by, delivery_id=str(delivery.delivery_id))
    transaction.on_commit(deliveries.wake_due, robust=True)
    return delivery


def emit(event: Event, *, about: str, data: Mapping[str, Any]) -> None:
    """Tell every webhook that asked for it what happens to the model named `about`, in the transaction of the change.

    `data` has the fields of `event.example`. The message is written now and sent after the commit. Call it as near to
    the end as can be, like `audit.record`: from here to the commit, others who tell or record something wait.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{event.name} must be told in the transaction of the change")
    if data.keys() != event.example.keys():
        raise ValueError(f"{event.name} has {', '.join(event.example)}; given were {', '.join(data)}")
    if not _subscribed(event):
        return
    # The order of ids is the order of commits from here on, and no webhook goes away; so ask once more who is there.
    audit.take_turn()
    now = timezone.now()
    body = deliveries.render(event, data, now)
    subscribed = _subscribed(event)
    send_later(
        [
            Delivery(
                webhook_id=pk,
                about=about,
                entity=event.entity.value,
                action=event.action.value,
                body=body,
                created_at=now,
                due_at=now,
            )
            for pk in subscribed
        ]
    )


def send_later(messages: Sequence[Delivery]) -> None:
    """Keep messages, in this transaction, and have them sent after it."""
    Delivery.objects.bulk_create(messages)

    def wake_all() -> None:
        for message in messages:
            deliveries.wake(message.webhook_id)

    # Robust: the change is made, whatever becomes of this; the workers' clock looks for what is due.
    transaction.on_commit(wake_all, robust=True)


def _subscribed(event: Event) -> list[int]:
    active = Webhook.objects.filter(status=WebhookStatus.ACTIVE.value, is_workspace=False).order_by("pk")
    return [pk for pk, events in active.values_list("pk", "events") if event.name in events]


def _fields(**asked: Any) -> dict[str, Any]:
    """The row's fields for what is asked, each checked."""
    fields = {column: kept(asked[field]) for field, (column, kept) in _KEPT_AS.items() if field in asked}
    if "events" in asked:
        fields["is_listed"] = any(event.is_mlflows for event in asked["events"])
    return fields


def _name(name: str) -> str:
    if not NAME.fullmatch(name) or len(name) > limits.WEBHOOK_NAME:
        raise InvalidParameter(
            f"Webhook name {name!r} is invalid. It must start and end with a letter or digit, be less than"
            f" {limits.WEBHOOK_NAME} characters long, and contain only letters, digits, dots (.), underscores (_),"
            " and hyphens (-)."
        )
    return name


def checked_url(url: str) -> str:
    check_url(_at_most(url, limits.WEBHOOK_URL, "URL"))
    return url


def _event_names(events: Sequence[Event]) -> list[str]:
    if not events:
        raise InvalidParameter("Webhook events must be a non-empty list of WebhookEvent objects: [].")
    return [event.name for event in sorted(set(events), key=lambda event: (event.entity, event.action))]


def checked_description(description: str) -> str:
    return _at_most(description, limits.WEBHOOK_DESCRIPTION, "description")


def sealed(secret: str) -> str:
    return seal(_at_most(secret, limits.WEBHOOK_SECRET, "secret"), deliveries.SECRET) if secret else ""


def _at_most(text: str, length: int, what: str) -> str:
    if len(text) > length:
        raise InvalidParameter(f"The {what} of a webhook has at most {length} characters, not {len(text)}.")
    return text


_KEPT_AS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "name": ("name", _name),
    "url": ("url", checked_url),
    "events": ("events", _event_names),
    "description": ("description", checked_description),
    "secret": ("sealed_secret", sealed),
    "status": ("status", WebhookStatus),
}
"""For each thing that can be asked for the column that keeps it, and how it is checked and spelled there."""


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit record is told: everything but the secret, of which only whether there is one."""
    told = {column: value for column, value in fields.items() if column not in ("sealed_secret", "is_listed")}
    return told | ({"is_signed": bool(fields["sealed_secret"])} if "sealed_secret" in fields else {})
