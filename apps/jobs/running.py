"""A job while it runs: what its function reports through, and the heartbeat that says it lives."""

import logging
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from apps.jobs import registry, services
from apps.jobs.models import Job
from mlregistry.actor import Actor

logger = logging.getLogger(__name__)

REPORT_EVERY_S = 1.0

stopping = threading.Event()
"""Set when the worker was told to stop: jobs give themselves back at their next report."""


class Stopped(BaseException):
    """The job ends here and is not finished. No `Exception`: a job function must not catch it by accident."""


class RunningJob:
    """What a job function is given."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._lost = threading.Event()
        self._reported = 0.0
        self.id: int = job.pk
        self.kind = job.kind
        self.payload: Mapping[str, Any] = job.payload
        self.attempt = job.attempts
        """1 for the first run; more when an earlier one did not come to its end."""

    @property
    def requested_by(self) -> Actor:
        return self._job.requested_by

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Say how far it is; call it often, it writes once a second. Raises `Stopped` when the job must end now.

        Call it between transactions: what is not committed is lost when it raises.
        """
        self.check()
        now = time.monotonic()
        if now - self._reported < REPORT_EVERY_S and done != total:
            return
        self._reported = now
        self._write(done=done, total=total, message=message)

    def log(self, line: str) -> None:
        """Add a line to the job's log."""
        self._write(log=line.rstrip("\n") + "\n")

    def check(self) -> None:
        """Raise `Stopped` when the worker stops, or the job was cancelled or given to another worker."""
        if stopping.is_set() or self._lost.is_set():
            raise Stopped

    def _write(self, **fields: Any) -> None:
        if not services.report(job=self._job, **fields):
            self._lost.set()
            raise Stopped

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Keep the heartbeat going, from a thread with a database connection of its own."""
        ended = threading.Event()
        heart = threading.Thread(target=self._beat, args=(ended,), name=f"heartbeat-{self.id}", daemon=True)
        heart.start()
        try:
            yield
        finally:
            ended.set()
            heart.join()

    def _beat(self, ended: threading.Event) -> None:
        try:
            while not ended.wait(settings.MLREGISTRY_JOB_HEARTBEAT):
                try:
                    if not services.report(job=self._job):
                        self._lost.set()
                except DatabaseError as error:
                    logger.warning("job %s could not write its heartbeat: %s", self.id, error)
                    connection.close()
        finally:
            connection.close()


def run(job_id: int) -> None:
    """Claim the job and bring it to an end; do nothing when someone else has it."""
    job = services.claim(job_id=job_id)
    if job is None:
        return
    running = RunningJob(job)
    try:
        with running.beating():
            services.succeed(job=job, result=_call(running))
    except Stopped:
        services.release(job=job)
    except (OperationalError, InterfaceError) as error:
        # The database went away. The sweeper gives the job to the next worker when it is back.
        logger.warning("job %s (%s) lost the database: %s", job.pk, job.kind, error)
    except Exception as error:
        logger.exception("job %s (%s) failed", job.pk, job.kind)
        services.fail(job=job, error=f"{type(error).__name__}: {error}", log=traceback.format_exc())


def _call(running: RunningJob) -> Mapping[str, Any] | None:
    try:
        function = registry.FUNCTIONS[running.kind]
    except KeyError:
        raise LookupError(f"This worker knows no job of the kind {running.kind}.") from None
    return function(running)
