"""Background work of the registry."""

from datetime import timedelta
from typing import Any

from apps.jobs.registry import every_tick, register
from apps.jobs.running import RunningJob
from apps.registry.queries.content import signed_versions
from apps.registry.services import content, deliveries, inspection
from apps.registry.services.verification import verify_each

VERIFY_JOB = "registry.verify_artifacts"
NAMED = 100
"""Versions that a job's result spells out; its log has them all."""


@register(content.SEAL_JOB)
def seal_content(job: RunningJob) -> dict[str, Any]:
    """Read the files of a version and sign for them."""
    state = content.seal_content(version_pk=job.payload["version"], progress=job.progress)
    return {"state": state}


@register(inspection.INSPECT_JOB)
def inspect_content(job: RunningJob) -> dict[str, Any]:
    """Look into the files of a version that has been sealed."""
    made = inspection.inspect(version_pk=job.payload["version"], anew=job.payload["anew"])
    return {"verdict": made.verdict, "findings": len(made.findings)} if made else {}


@register(VERIFY_JOB, every=timedelta(days=1))
def verify_artifacts(job: RunningJob) -> dict[str, Any]:
    """Look whether the files of every version still are what was registered, and read what could not be read yet."""
    waiting = content.retry_unread(by=job.requested_by)
    verified, drifted, failed = 0, [], []
    for seen in verify_each(versions=signed_versions(), deep=False, report=job.progress):
        verified += 1
        if seen.failure:
            job.log(f"{seen.version} could not be verified: {seen.failure}")
            failed.append(str(seen.version))
        elif seen.differences:
            job.log(f"{seen.version} differs from what was registered in {len(seen.differences)} places.")
            drifted.append(str(seen.version))
    return {
        "verified": verified,
        "drifted": len(drifted),
        "failed": len(failed),
        "drifted_versions": drifted[:NAMED],
        "failed_versions": failed[:NAMED],
        "asked_to_read": waiting,
    }


@register(deliveries.DELIVER_JOB)
def deliver(job: RunningJob) -> dict[str, Any]:
    """Send what is due to one webhook."""
    return {"sent": deliveries.send_due(webhook_pk=job.payload["webhook"], check=job.check)}


every_tick(deliveries.wake_due)


@register("registry.remove_old_deliveries", every=timedelta(days=1))
def remove_old_deliveries(job: RunningJob) -> dict[str, Any]:
    """Forget messages that were done with long ago."""
    return {"removed": deliveries.remove_old(check=job.check)}
