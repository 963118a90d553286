"""What the worker runs: thin, over `running` and `services`."""

from typing import Any

from celery import signals
from django.db import connection

from apps.jobs import clock, running, verification  # noqa: F401  verification registers its function
from mlregistry.celery import app


@app.task(name="jobs.run")
def run(job_id: int) -> None:
    """Run one job; the message names it, the row says whether it still waits."""
    try:
        running.run(job_id)
    finally:
        connection.close()
        clock.note_job_ended()


@signals.worker_ready.connect(weak=False)
def _start_the_clock(**_: Any) -> None:
    clock.start()


@signals.worker_shutting_down.connect(weak=False)
def _let_jobs_give_themselves_back(**_: Any) -> None:
    running.stopping.set()
