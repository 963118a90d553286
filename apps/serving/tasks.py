"""Background work of serving. What needs the Docker Engine is imported here, and so by workers alone."""

from datetime import timedelta
from typing import Any

from apps.jobs.registry import register
from apps.jobs.running import RunningJob
from apps.serving.services import building, rolling_out
from apps.serving.services.deployments import ROLL_OUT_JOB, TIDY_JOB
from apps.serving.services.images import BUILD_JOB


@register(BUILD_JOB)
def build(job: RunningJob) -> dict[str, Any]:
    """Build an image of a version, and try it."""
    return building.build(job)


@register(ROLL_OUT_JOB)
def roll_out(job: RunningJob) -> dict[str, Any]:
    """Bring a version into a deployment."""
    return rolling_out.roll_out(job)


@register(TIDY_JOB, every=timedelta(minutes=5))
def tidy(job: RunningJob) -> dict[str, Any]:
    """Have the engine run what the rows say, and nothing else."""
    return rolling_out.tidy(job)
