"""Background work of tracking."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings

from apps.jobs.registry import register
from apps.jobs.running import RunningJob
from apps.tracking.artifacts import upkeep
from apps.tracking.artifacts.services import HASH_JOB
from apps.tracking.services import exports, many_runs
from apps.tracking.services.gc import collect
from mlregistry.ages import parse_age

NAMED = 100
"""Locations that a job's result spells out; the audit record has them all."""


@register("tracking.gc", every=timedelta(days=1))
def gc(job: RunningJob) -> dict[str, Any]:
    """Delete for good what has been deleted for longer than the payload's `older_than`, or than the setting says."""
    written = job.payload.get("older_than")
    older_than = parse_age(written) if written else settings.MLREGISTRY_GC_OLDER_THAN
    outcome = collect(older_than=older_than, by=job.requested_by, report=job.progress)
    for location, reason in outcome.failed.items():
        job.log(f"{location}: {reason}")
    counted = asdict(outcome)
    counted["left"] = outcome.left[:NAMED]
    counted["failed"] = list(outcome.failed)[:NAMED]
    return counted


@register(HASH_JOB)
def hash_artifact(job: RunningJob) -> dict[str, Any]:
    """Find out the hash of a file that its client sent to the store in parts."""
    return {"hashed": upkeep.hash_file(file_pk=job.payload["file"], progress=job.progress)}


@register("tracking.sweep_uploads", every=timedelta(days=1))
def sweep_uploads(job: RunningJob) -> dict[str, Any]:
    """Remove what broken uploads left behind."""
    return {"removed": upkeep.sweep_uploads()}


@register(exports.EXPORT_JOB)
def export_runs(job: RunningJob) -> dict[str, Any]:
    """Write the runs of a table to a file."""
    return exports.write_export(job_pk=job.id, payload=job.payload, by=job.requested_by, report=job.progress)


@register("tracking.sweep_exports", every=timedelta(hours=6))
def sweep_exports(job: RunningJob) -> dict[str, Any]:
    """Remove files of runs that were kept long enough."""
    return {"removed": exports.sweep_exports()}


def change_runs(job: RunningJob) -> dict[str, Any]:
    """Delete, restore, tag or move the runs that were chosen in a table."""
    return many_runs.change_many(payload=job.payload, by=job.requested_by, report=job.progress)


for action in many_runs.Action:
    register(action.job)(change_runs)
