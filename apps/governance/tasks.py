"""Background work of governance."""

from datetime import timedelta
from typing import Any

from apps.governance.models import ChangeRequest
from apps.governance.services import sweeping
from apps.governance.services.deciding import look
from apps.governance.services.gates import LOOK_JOB
from apps.jobs.registry import register
from apps.jobs.running import RunningJob


@register(LOOK_JOB)
def look_at_request(job: RunningJob) -> dict[str, Any]:
    """Run the gates of a request, and apply it if it waited for nothing else."""
    request = look(ChangeRequest.objects.get(pk=job.payload["request"]))
    return {"state": request.state}


@register("governance.sweep", every=timedelta(minutes=1))
def sweep(job: RunningJob) -> dict[str, Any]:
    """Expire requests, find those whose evidence has drifted, and see to approvals that run out."""
    return dict(sweeping.sweep(job))
