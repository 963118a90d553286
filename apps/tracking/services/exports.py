"""Files of runs that take long to write: a job writes them into the artifact store, where they are kept for a day.

They lie in a folder of their own, which no experiment can have as its location, so the proxy serves none of them:
whoever asked for one takes it from its page, and administrators do.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs import queries as jobs
from apps.jobs.choices import ACTIVE
from apps.jobs.models import Job
from apps.jobs.results import KeptFile
from apps.jobs.services import enqueue
from apps.tracking.artifacts.locations import proxied
from apps.tracking.artifacts.places import Place
from apps.tracking.artifacts.stores import proxied_store
from apps.tracking.queries.experiments import get_experiment
from apps.tracking.queries.run_keys import every_key_of
from apps.tracking.queries.run_records import WantedRuns
from apps.tracking.run_files import FORMATS, RunRecord
from apps.tracking.services.many_runs import person_now
from mlregistry.actor import Actor
from mlregistry.errors import InvalidState, NotFound
from mlregistry.levels import Level

EXPORT_JOB = "tracking.export_runs"
KEPT = timedelta(days=1)
MOST_KEPT = 20
"""Files of one person that are there at a time."""
MOST_KEYS = 2_000
"""Columns of one kind; what is beyond is in the JSON alone."""
FOLDER = ".exports"
"""Experiments' locations never begin with a dot."""

_NUMBER = re.compile(r"[0-9]{1,18}")

Report = Callable[[int, int], None]


def request_export(*, wanted: WantedRuns, name: str, address: str, by: Actor) -> Job:
    """Have the runs written in the format `name`, asked for on the page at `address`; asked twice at once, once."""
    lately = Job.objects.filter(kind=EXPORT_JOB, user_id=by.user_id, created_at__gt=timezone.now() - KEPT)
    if lately.count() >= MOST_KEPT:
        raise InvalidState(f"You asked for {MOST_KEPT} large exports within a day; wait until the first is removed.")
    question = {"wanted": asdict(wanted), "format": name, "address": address}
    digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
    return enqueue(kind=EXPORT_JOB, payload=question, by=by, unique_key=f"{EXPORT_JOB}:{by.user_id}:{digest}")


def write_export(*, job_pk: int, payload: Mapping[str, Any], by: Actor, report: Report) -> dict[str, Any]:
    """Write the file, for whoever asked and may still read the experiment; how many runs it holds, and where it is.

    The file appears when it is whole. Run again, it is written again, in the place of what was there.
    """
    wanted = WantedRuns(**(payload["wanted"] | {"order_by": tuple(payload["wanted"]["order_by"])}))
    _, write = FORMATS[payload["format"]]
    name = file_name(wanted.experiment, payload["format"])
    counted = _Counted(wanted, by, report)
    keys = every_key_of(get_experiment(counted.reader(), str(wanted.experiment), at_least=Level.READ), MOST_KEYS)
    written = proxied_store().write(_path(job_pk, name), write(counted.batches(), keys))
    kept = KeptFile(
        name=name,
        address=reverse("export-file", args=[job_pk]),
        size=written.stored.size,
        until=timezone.now() + KEPT,
    )
    return {"runs": counted.done, **kept.as_result()}


def file_name(experiment_pk: int, name: str) -> str:
    return f"experiment-{experiment_pk}-runs.{name}"


def place_of_export(user: User, job_pk: int) -> Place:
    """The file that the job left, for whoever asked for it and may still read the experiment, and administrators."""
    job = jobs.get_job(user, job_pk)
    kept = KeptFile.of(job)
    if job.kind != EXPORT_JOB or not jobs.may_take_file(user, job):
        raise NotFound(f"There is no export {job_pk}.")
    experiment = get_experiment(user, str(job.payload["wanted"]["experiment"]), at_least=Level.READ)
    if kept is None:
        raise NotFound(f"Export {job_pk} has no file (yet).")
    if kept.is_over:
        raise NotFound(f"{kept.name} was kept for a day and is removed. Ask for it again.")
    path = _path(job_pk, file_name(experiment.pk, job.payload["format"]))
    return Place(proxied_store(), path, proxied(path), experiment.pk)


def sweep_exports() -> int:
    """Remove the files whose time is over, and those that no job leads to any more; how many there were."""
    store, removed = proxied_store(), 0
    for entry in store.entries(FOLDER):
        if not _is_needed(entry.path.rpartition("/")[2], timezone.now()):
            store.delete(entry.path)
            removed += 1
    return removed


def _is_needed(folder: str, now: datetime) -> bool:
    job = Job.objects.filter(pk=int(folder), kind=EXPORT_JOB).first() if _NUMBER.fullmatch(folder) else None
    if job is None:
        return False
    kept = KeptFile.of(job)
    return job.state in ACTIVE or (kept is not None and kept.until > now)


def _path(job_pk: int, name: str) -> str:
    return f"{FOLDER}/{job_pk}/{name}"


class _Counted:
    """The batches of an export, which say how far they are, and ask each time whether they may go on."""

    def __init__(self, wanted: WantedRuns, by: Actor, report: Report) -> None:
        self._wanted, self._by, self._report = wanted, by, report
        self.done = 0

    def reader(self) -> User:
        """Whoever asked, as that person is now; refused where the experiment may not be read any more."""
        user = person_now(self._by)
        get_experiment(user, str(self._wanted.experiment), at_least=Level.READ)
        return user

    def batches(self) -> Iterator[Sequence[RunRecord]]:
        total = self._wanted.count(self.reader())
        self._report(0, total)
        for batch in self._wanted.batches(self.reader):
            yield batch
            self.done += len(batch)
            self._report(self.done, max(self.done, total))
        self._report(self.done, self.done)
