"""The worker's clock: a thread that sweeps and keeps the schedule.

It stands beside the jobs, so a long one delays nothing, and needs no messages, so a lost one stops nothing.
Every worker has one; what they do is safe to do twice.
"""

import logging
import math
import threading
import time

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.jobs import registry, services

logger = logging.getLogger(__name__)

_job_ended = threading.Event()


def start() -> None:
    """Start the clock of this process."""
    threading.Thread(target=_run, name="jobs-clock", daemon=True).start()


def note_job_ended() -> None:
    """A job of this worker has ended. What was asked for while it ran may be due, so the clock looks at once."""
    _job_ended.set()


def _run() -> None:
    next_tick = 0.0
    while True:
        if time.monotonic() >= next_tick:
            tick()
            next_tick = time.monotonic() + 3 * settings.MLREGISTRY_JOB_HEARTBEAT
        wanted_in = look()
        _job_ended.wait(max(0, min(wanted_in, next_tick - time.monotonic())))
        _job_ended.clear()


def tick() -> None:
    """One round. A database that is away is tried again in the next."""
    try:
        services.sweep()
        services.enqueue_due()
    except DatabaseError as error:
        logger.warning("the jobs' clock could not reach the database: %s", error)
    finally:
        connection.close()


def look() -> float:
    """Let the apps look for what is due; in how many seconds the first of them wants to look again."""
    wanted_in = math.inf
    try:
        for function in registry.LOOKS:
            if wanted := function():
                wanted_in = min(wanted_in, (wanted - timezone.now()).total_seconds())
    except Exception:
        # Whatever it is, it must not stop the clock, which keeps every other job going.
        logger.exception("the jobs' clock could not look for what is due")
    finally:
        connection.close()
    return wanted_in
