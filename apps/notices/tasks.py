"""Background work of notices."""

from datetime import timedelta
from typing import Any

from apps.jobs.registry import every_tick, register
from apps.jobs.running import RunningJob
from apps.notices.services import sending


@register(sending.SEND_JOB)
def send(job: RunningJob) -> dict[str, Any]:
    """Send what is due."""
    return {"tried": sending.send_due(check=job.check)}


every_tick(sending.wake_due)


@register("notices.remove_old", every=timedelta(days=1))
def remove_old(job: RunningJob) -> dict[str, Any]:
    """Forget what was told long ago."""
    return {"removed": sending.remove_old(check=job.check)}
