"""Sending what webhooks are told: each message until it arrives, those about one model in their order.

A message may arrive twice (the server can die between sending it and noting so), never not at all: its row is written
in the transaction of what it tells, and stays pending until a receiver has said yes or all attempts are used up. The
receiver tells a repetition by the delivery id. `jobs` makes sure that nobody else sends to the same webhook meanwhile.
"""

import base64
import hashlib
import hmac
import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from apps.jobs import services as jobs
from apps.registry.choices import DeliveryState
from apps.registry.events import Event
from apps.registry.models import Delivery, Webhook
from apps.registry.queries.due_deliveries import due_times, next_due
from mlregistry import outgoing
from mlregistry.actor import system
from mlregistry.errors import RegistryError
from mlregistry.sealing import unseal

logger = logging.getLogger(__name__)

DELIVER_JOB = "registry.deliver"
SECRET = "webhook secret"  # noqa: S105  the purpose that secrets are sealed for, not one of them
AUTHORIZATION = "webhook authorization"  # likewise
MOST_ATTEMPTS = 12
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 3600.0
"""Each wait is twice the one before: the attempts span two and a half hours."""
AT_ONCE, FOR_AT_MOST_S = 50, 5.0
"""A job ends after so many messages or seconds, so that others get their turn; what is left gets a new one."""
KEPT_FOR, JOBS_KEPT_FOR = timedelta(days=30), timedelta(days=1)
REMOVED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; without an error it arrived."""

    status: int | None
    error: str = ""
    may_retry: bool = False


def render(event: Event, data: Mapping[str, Any], at: datetime) -> str:
    """The body of a message, as MLflow's server writes it."""
    return json.dumps(
        {
            "entity": event.entity.lower(),
            "action": event.action.lower(),
            "timestamp": at.isoformat(),
            "data": dict(data),
        }
    )


def send(*, webhook: Webhook, delivery_id: UUID, body: str) -> Outcome:
    """One attempt, signed as MLflow's server signs. Nothing of what it may raise gets out."""
    try:
        secret = unseal(webhook.sealed_secret, SECRET) if webhook.sealed_secret else ""
        headers = headers_of(body, delivery_id=delivery_id, secret="" if webhook.is_workspace else secret)
        if webhook.is_workspace:
            headers |= _workspace_headers(webhook, body, secret)
        return _judged(outgoing.post(webhook.url, content=body.encode(), headers=headers, verify=webhook.verifies_tls))
    except (outgoing.OutgoingFailed, RegistryError) as failed:
        return Outcome(None, failed.message, may_retry=True)
    except Exception:
        # One message that cannot be sent, for whatever reason, must not stop those behind it for good.
        logger.exception("could not send %s to webhook %s", delivery_id, webhook.webhook_id)
        return Outcome(None, "The server failed to send this; its log says why.", may_retry=True)


def headers_of(body: str, *, delivery_id: UUID, secret: str) -> dict[str, str]:
    """What MLflow's receivers look for beside the body; a signature only where there is a secret."""
    sent_at = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-MLflow-Delivery-Id": str(delivery_id),
        "X-MLflow-Timestamp": sent_at,
    }
    if secret:
        headers["X-MLflow-Signature"] = _signature(secret, f"{delivery_id}.{sent_at}.{body}")
    return headers


def _workspace_headers(webhook: Webhook, body: str, secret: str) -> dict[str, str]:
    """What the receivers of a workspace registry look for."""
    headers = {}
    if secret:
        headers["X-Databricks-Signature"] = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    if webhook.sealed_authorization:
        headers["Authorization"] = unseal(webhook.sealed_authorization, AUTHORIZATION)
    return headers


def _signature(secret: str, signed: str) -> str:
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _judged(reply: outgoing.Reply) -> Outcome:
    status = reply.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome(status)
    error = f"The receiver answered {status} ({reply.reason})."
    if status < HTTPStatus.BAD_REQUEST:
        error += " Redirects are not followed."
    may_retry = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    return Outcome(status, error, may_retry=may_retry)


def wake(webhook_pk: int) -> None:
    """Have what is due sent to this webhook, by one job at a time."""
    jobs.enqueue(
        kind=DELIVER_JOB,
        payload={"webhook": webhook_pk},
        by=system("webhooks"),
        unique_key=f"{DELIVER_JOB}:{webhook_pk}",
    )


def wake_due() -> datetime | None:
    """Wake every webhook that has something due; when the next will have."""
    now = timezone.now()
    later: list[datetime] = []
    for webhook_pk, due_at in due_times().items():
        if due_at <= now:
            wake(webhook_pk)
        else:
            later.append(due_at)
    return min(later, default=None)


def send_due(*, webhook_pk: int, check: Callable[[], None]) -> int:
    """Send what is due to this webhook, within the bounds of one job; how many messages that were.

    `check` is called before each, and may raise to end it.
    """
    until = time.monotonic() + FOR_AT_MOST_S
    for sent in range(AT_ONCE):
        check()
        delivery = next_due(webhook_pk, timezone.now()) if time.monotonic() < until else None
        if delivery is None:
            return sent
        _note(delivery, send(webhook=delivery.webhook, delivery_id=delivery.delivery_id, body=delivery.body))
    return AT_ONCE


def _note(delivery: Delivery, outcome: Outcome) -> None:
    attempts, now = delivery.attempts + 1, timezone.now()
    noted: dict[str, Any] = {"response_status": outcome.status, "error": outcome.error}
    if not outcome.error:
        noted |= {"state": DeliveryState.DELIVERED, "finished_at": now}
    elif outcome.may_retry and attempts < MOST_ATTEMPTS:
        noted["due_at"] = now + _wait_after(attempts)
    else:
        noted |= {"state": DeliveryState.FAILED, "finished_at": now}
    # It may be gone meanwhile, with its webhook.
    Delivery.objects.filter(pk=delivery.pk).update(attempts=F("attempts") + 1, **noted)


def _wait_after(attempts: int) -> timedelta:
    """Longer after each attempt, and never quite the same: what failed together does not come back together."""
    wait = min(FIRST_WAIT_S * 2 ** (attempts - 1), LONGEST_WAIT_S)
    return timedelta(seconds=wait * random.uniform(0.75, 1.25))  # noqa: S311  nobody gains by guessing it


def remove_old(*, check: Callable[[], None]) -> int:
    """Forget messages that were done with long ago, and the jobs that sent them; how many messages."""
    now, removed = timezone.now(), 0
    old = Delivery.objects.filter(finished_at__lt=now - KEPT_FOR)
    while pks := list(old.values_list("pk", flat=True)[:REMOVED_AT_ONCE]):
        check()
        removed += Delivery.objects.filter(pk__in=pks).delete()[0]
    jobs.remove_ended(kind=DELIVER_JOB, before=now - JOBS_KEPT_FOR)
    return removed
