"""What a job leaves for whoever asked: a file, kept for a while, that the page of the job leads to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.jobs.choices import State
from apps.jobs.models import Job

FILE = "file"
"""The field of a job's result that tells of it."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """Who registered the job's function keeps the file, serves it at `address` and removes it after `until`."""

    name: str
    address: str
    size: int
    until: datetime

    @classmethod
    def of(cls, job: Job) -> "KeptFile | None":
        told = (job.result or {}).get(FILE) if job.state == State.SUCCEEDED else None
        return cls(**(told | {"until": datetime.fromisoformat(told["until"])})) if told else None

    @property
    def is_over(self) -> bool:
        return self.until <= timezone.now()

    def as_result(self) -> dict[str, Any]:
        """For the result that the job's function returns."""
        told = {"name": self.name, "address": self.address, "size": self.size, "until": self.until.isoformat()}
        return {FILE: told}
