"""Walking the audit chain in the background: below this app nothing knows of jobs."""

from typing import Any

from apps.audit import chain
from apps.jobs.models import Job
from apps.jobs.registry import register
from apps.jobs.running import RunningJob
from apps.jobs.services import enqueue
from mlregistry.actor import Actor

VERIFY_JOB = "audit.verify"


def request_verification(*, address: str, by: Actor) -> Job:
    """Have the record verified, asked for at `address`; who asks while that is under way gets the same job."""
    return enqueue(kind=VERIFY_JOB, payload={"address": address}, by=by, unique_key=VERIFY_JOB)


@register(VERIFY_JOB)
def verify_record(job: RunningJob) -> dict[str, Any]:
    """Walk the whole chain. That it is broken is what was asked for: a result, and no failure of the job."""
    try:
        verdict = chain.verify(job.progress)
    except chain.BrokenChain as broken:
        job.log(str(broken))
        return {"verdict": "broken", "why": str(broken), "entry": broken.at}
    return {"verdict": "unbroken", "entries": verdict.entries, "hash of the last": verdict.head}
