"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import Any

from apps.jobs.models import Job


def until(condition: Callable[[], Any], within: float = 40) -> Any:
    """Wait until the condition holds; what it returned then."""
    deadline = time.monotonic() + within
    while not (holds := condition()):
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.05)
    return holds


def ended(job: Job) -> Job:
    """Wait until the job has ended, and read it anew."""
    until(lambda: Job.objects.filter(pk=job.pk, finished_at__isnull=False).exists())
    job.refresh_from_db()
    return job
