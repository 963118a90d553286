"""Every write to a job. Moves between states are conditional updates: of several who try, one succeeds."""

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Now
from django.utils import timezone

from apps.audit import services as audit
from apps.jobs import registry
from apps.jobs.choices import ACTIVE, State
from apps.jobs.models import Job
from mlregistry.actor import Actor, system
from mlregistry.errors import InvalidState

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 5
"""A job that took so many workers down with it is not given to another."""
RESENT_AT_ONCE = 10
"""Messages sent anew in one sweep: a long queue must not fill the broker with copies."""


def silence() -> timedelta:
    """How long a worker may be silent before its job is given to another."""
    return timedelta(seconds=6 * settings.MLREGISTRY_JOB_HEARTBEAT)


@transaction.atomic
def enqueue(*, kind: str, payload: Mapping[str, Any], by: Actor, unique_key: str | None = None) -> Job:
    """Ask for a job; it starts after the commit. While one with `unique_key` waits or runs, that one is returned."""
    same = Job.objects.filter(unique_key=unique_key, state__in=ACTIVE)
    if unique_key is not None and (job := same.first()):
        return job
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                payload=dict(payload),
                unique_key=unique_key,
                username=by.username,
                actor_kind=by.kind.value,
                user_id=by.user_id,
                owner=by.owner,
                token_id=by.token_id,
                address=by.address,
            )
    except IntegrityError:
        # Someone else has just asked for the same; it may even be done already.
        return Job.objects.filter(unique_key=unique_key).latest("id")
    transaction.on_commit(partial(dispatch, job.pk))
    return job


@transaction.atomic
def cancel(*, job: Job, by: Actor) -> None:
    """A waiting job never starts; a running one stops at its next report of progress."""
    if not Job.objects.filter(pk=job.pk, state__in=ACTIVE).update(state=State.CANCELLED, finished_at=timezone.now()):
        raise InvalidState(f"Job {job.pk} has ended already.")
    audit.record("jobs.cancel", target=job, by=by, kind=job.kind)


def dispatch(job_id: int) -> None:
    """Tell the workers. A broker that is away costs nothing but time: the sweeper tells them again."""
    # Celery is loaded by whoever sends, not by every process of the server.
    from kombu.exceptions import OperationalError  # noqa: PLC0415

    from mlregistry.celery import app  # noqa: PLC0415

    try:
        app.send_task("jobs.run", [job_id])
    except (OperationalError, OSError) as error:
        logger.warning("job %s waits for the broker: %s", job_id, error)


def claim(*, job_id: int) -> Job | None:
    """Take a waiting job for this worker; None when it is not waiting (any more)."""
    token = uuid.uuid4().hex
    taken = Job.objects.filter(pk=job_id, state=State.QUEUED).update(
        state=State.RUNNING,
        claim=token,
        attempts=F("attempts") + 1,
        heartbeat_at=Now(),
        started_at=timezone.now(),
        done=0,
        total=None,
        message="",
    )
    return Job.objects.get(pk=job_id) if taken else None


def report(*, job: Job, log: str = "", **fields: Any) -> bool:
    """Write what a running job says, and that it lives. False when it is no longer the caller's."""
    if log:
        fields["log"] = Concat(F("log"), Value(log))
    return bool(_mine(job).update(heartbeat_at=Now(), **fields))


def succeed(*, job: Job, result: Mapping[str, Any] | None) -> bool:
    return bool(
        _mine(job).update(
            state=State.SUCCEEDED, result=None if result is None else dict(result), finished_at=timezone.now()
        )
    )


def fail(*, job: Job, error: str, log: str = "") -> bool:
    return bool(
        _mine(job).update(state=State.FAILED, error=error, log=Concat(F("log"), Value(log)), finished_at=timezone.now())
    )


def release(*, job: Job) -> None:
    """Give a job back unfinished, because its worker stops; that does not count as an attempt."""
    if _mine(job).update(state=State.QUEUED, claim="", attempts=F("attempts") - 1, dispatched_at=timezone.now()):
        dispatch(job.pk)


def _mine(job: Job) -> Any:
    """The row, as long as it is held under this claim: a worker that was given up writes nothing any more."""
    return Job.objects.filter(pk=job.pk, state=State.RUNNING, claim=job.claim)


def sweep() -> None:
    """Give jobs of dead workers to others, and send lost messages again."""
    long_silent = Q(heartbeat_at__lt=Now() - silence())
    for job in Job.objects.filter(long_silent, state=State.RUNNING):
        silent = _mine(job).filter(long_silent)
        if job.attempts >= MOST_ATTEMPTS:
            said = f"Given up: its worker died or fell silent {job.attempts} times."
            silent.update(state=State.FAILED, error=said, finished_at=timezone.now())
        elif silent.update(state=State.QUEUED, claim="", dispatched_at=timezone.now()):
            logger.warning("job %s (%s) lost its worker; it is queued again", job.pk, job.kind)
            dispatch(job.pk)
    waiting = Job.objects.filter(state=State.QUEUED, dispatched_at__lt=timezone.now() - silence())
    for job in waiting.order_by("id")[:RESENT_AT_ONCE]:
        Job.objects.filter(pk=job.pk).update(dispatched_at=timezone.now())
        dispatch(job.pk)


def enqueue_due() -> None:
    """Enqueue what the schedule asks for. Several workers may ask at once: one job comes of it."""
    for kind, every in registry.SCHEDULE.items():
        if not Job.objects.filter(kind=kind, created_at__gt=timezone.now() - every).exists():
            enqueue(kind=kind, payload={}, by=system("schedule"), unique_key=kind)


def remove_ended(*, kind: str, before: datetime) -> int:
    """Forget jobs of this kind that ended before then; how many."""
    removed, _ = Job.objects.filter(kind=kind, finished_at__lt=before).delete()
    return removed
