"""Sending what leaves the server: each message by whoever counts its attempt first, again until it was taken.

The row of a message is written with what it tells, and stays pending until it was taken or given up, so neither a lost
message of the broker nor a killed worker loses one. While one is being sent, it is due again only after `LEASE`: only a
worker that dies between sending and noting so leaves one that is sent again, under the same Message-ID.
"""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Min, Q
from django.utils import timezone

from apps.audit import services as audit
from apps.governance.choices import LIVE
from apps.jobs import services as jobs
from apps.notices.choices import Channel, DeliveryState
from apps.notices.models import Delivery, Notice
from apps.notices.queries.recipients import readers
from apps.notices.services import chat, mail
from apps.notices.services.outcomes import Failed
from mlregistry.actor import Actor, system

logger = logging.getLogger(__name__)

SEND_JOB = "notices.send"
MOST_ATTEMPTS = 12
FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 3600.0
"""Each wait is twice the one before: the attempts span four hours."""
LEASE = timedelta(minutes=5)
"""Longer than sending may take."""
AT_ONCE, FOR_AT_MOST_S = 100, 30.0
KEPT_FOR, JOBS_KEPT_FOR = timedelta(days=180), timedelta(days=1)
REMOVED_AT_ONCE = 1000
_ASKING = ("needs_you", "break_glass", "expiring")


def wake() -> None:
    """Have what is due sent, by one job at a time."""
    jobs.enqueue(kind=SEND_JOB, payload={}, by=system("notices"), unique_key=SEND_JOB)


def wake_due() -> datetime | None:
    """Wake if something is due; else, when the next will be."""
    first: datetime | None = _pending().aggregate(first=Min("due_at"))["first"]
    if first is None or first > timezone.now():
        return first
    wake()
    return None


def send_due(*, check: Callable[[], None]) -> int:
    """Send what is due, within the bounds of one job; how many messages were tried. `check` may raise to end it."""
    until, tried = time.monotonic() + FOR_AT_MOST_S, 0
    while tried < AT_ONCE and time.monotonic() < until:
        check()
        found = _pending().filter(due_at__lte=timezone.now()).order_by("due_at", "pk").first()
        if found is None:
            break
        tried += send(found)
    return tried


def send(delivery: Delivery) -> bool:
    """Send one message, unless somebody else is at it; whether it was this call that tried."""
    mine = _pending().filter(pk=delivery.pk, attempts=delivery.attempts)
    if not mine.update(attempts=F("attempts") + 1, due_at=timezone.now() + LEASE):
        return False
    notice = Notice.objects.select_related("person", "request").get(pk=delivery.notice_id)
    attempts = delivery.attempts + 1
    if why_not := _why_not(notice):
        _note(delivery, attempts, state=DeliveryState.DROPPED, error=why_not, finished_at=timezone.now())
        return True
    try:
        (chat if delivery.channel == Channel.CHAT else mail).send(notice)
    except Failed as failed:
        _note_failure(delivery, attempts, failed)
    except Exception:
        # One message that cannot be sent, for whatever reason, must not stop those behind it.
        logger.exception("could not send notice %s by %s", notice.pk, delivery.channel)
        _note_failure(delivery, attempts, Failed("The server failed to send this; its log says why."))
    else:
        _note(delivery, attempts, state=DeliveryState.SENT, error="", finished_at=timezone.now())
    return True


@transaction.atomic
def send_again(*, delivery: Delivery, by: Actor) -> bool:
    """Try anew, from the first attempt on, what was given up; whether it was."""
    failed = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.FAILED)
    if not failed.update(state=DeliveryState.PENDING, finished_at=None, attempts=0, due_at=timezone.now()):
        return False
    audit.record("notices.delivery.send_again", target=delivery, by=by, error=delivery.error)
    wake()
    return True


def remove_old(*, check: Callable[[], None]) -> int:
    """Forget what was told long ago of requests that have ended, and the jobs that sent it; how many notices."""
    now, removed = timezone.now(), 0
    old = Notice.objects.filter(~Q(request__state__in=LIVE), made_at__lt=now - KEPT_FOR)
    while pks := list(old.values_list("pk", flat=True)[:REMOVED_AT_ONCE]):
        check()
        Notice.objects.filter(pk__in=pks).delete()
        removed += len(pks)
    jobs.remove_ended(kind=SEND_JOB, before=now - JOBS_KEPT_FOR)
    return removed


def _pending() -> Any:
    return Delivery.objects.filter(finished_at__isnull=True)


def _why_not(notice: Notice) -> str:
    """Why a message is not wanted any more, as is known now and was not when it was written."""
    request, person = notice.request, notice.person
    if notice.event in _ASKING and not request.is_live:
        return f"The request is {request.state} already."
    if person is None:
        return ""
    if not person.is_active:
        return "The account is switched off."
    if not person.email:
        return "The account has no e-mail address."
    return "" if readers(request, [person.username]) else f"{person.username} may not read {request.object_name}."


def _note_failure(delivery: Delivery, attempts: int, failed: Failed) -> None:
    if failed.may_retry and attempts < MOST_ATTEMPTS:
        _note(delivery, attempts, error=failed.message, due_at=timezone.now() + _wait_after(attempts))
    else:
        now = timezone.now()
        _note(delivery, attempts, state=DeliveryState.FAILED, error=failed.message, finished_at=now)


def _note(delivery: Delivery, attempts: int, **noted: Any) -> None:
    """What became of this attempt, unless another has begun since."""
    _pending().filter(pk=delivery.pk, attempts=attempts).update(**noted)


def _wait_after(attempts: int) -> timedelta:
    """Longer after each attempt, and never quite the same: what failed together does not come back together."""
    wait = min(FIRST_WAIT_S * 2 ** (attempts - 1), LONGEST_WAIT_S)
    return timedelta(seconds=wait * random.uniform(0.75, 1.25))  # noqa: S311  nobody gains by guessing it
