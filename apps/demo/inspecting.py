"""Bringing the jobs of new versions to their end, so that scans and SBOMs are there also where no worker runs."""

import time
from collections.abc import Callable, Sequence

import apps.registry.tasks  # noqa: F401  registers what the jobs run, as a worker does
from apps.jobs import running
from apps.jobs.choices import ACTIVE, State
from apps.jobs.models import Job
from apps.registry.models import ModelVersion
from apps.registry.services.content import SEAL_JOB
from apps.registry.services.inspection import INSPECT_JOB

WITHIN_S = 60.0
LOOK_EVERY_S = 0.2


def look_into(versions: Sequence[ModelVersion], say: Callable[[int, int, str], None]) -> None:
    """Run the waiting jobs of the versions; a worker that is there takes its part, since a job is claimed by one.

    Jobs that another worker has and does not end are left to it.
    """
    keys = [f"{kind}:{version.pk}" for kind in (SEAL_JOB, INSPECT_JOB) for version in versions]
    ours = Job.objects.filter(unique_key__in=keys, state__in=ACTIVE)
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        waiting = ours.filter(state=State.QUEUED).order_by("pk").first()
        if waiting is not None:
            running.run(waiting.pk)
        elif ours.exists():
            time.sleep(LOOK_EVERY_S)
        else:
            return
        ended = Job.objects.filter(unique_key__in=keys).exclude(state__in=ACTIVE).count()
        say(ended, len(keys), "looks into versions")
