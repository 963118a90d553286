"""Jobs that leave traces in a file, so that a test sees what ran, how often and in which order."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from apps.jobs import services
from apps.jobs.registry import every_tick, register
from apps.jobs.running import RunningJob
from mlregistry.actor import system


@register("sample.count")
def count(job: RunningJob) -> dict[str, int]:
    """Append the numbers up to `to`, a line each, going on from what an earlier run wrote."""
    path, to = Path(job.payload["path"]), job.payload["to"]
    begun = len(path.read_text().splitlines()) if path.exists() else 0
    for number in range(begun, to):
        job.progress(number, to, f"counted to {number}")
        with path.open("a") as lines:
            lines.write(f"{number}\n")
        time.sleep(job.payload.get("pause", 0))
    job.log(f"counted from {begun} to {to}")
    return {"begun": begun, "attempt": job.attempt}


@register("sample.fail")
def fail(job: RunningJob) -> None:
    raise ValueError("this job always fails")


@register("sample.due", every=timedelta(days=1))
def due(job: RunningJob) -> None:
    """Nothing to do, every day."""


@every_tick
def look() -> datetime | None:
    """Ask for what the file `wanted` in the data folder says, when its time has come."""
    file = settings.MLREGISTRY_DATA / "wanted"
    if not file.exists():
        return None
    wanted = json.loads(file.read_text())
    at = datetime.fromtimestamp(wanted["at"], UTC)
    if at > datetime.now(UTC):
        return at
    file.unlink()
    services.enqueue(kind="sample.count", payload=wanted["payload"], by=system("sample"))
    return None
