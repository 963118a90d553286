"""Workers as processes, on every broker that answers: what is enqueued comes to its end, whatever happens to them."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from apps.jobs import services
from apps.jobs.choices import State
from apps.jobs.models import Job
from mlregistry.actor import Actor
from tests.jobs.conftest import HEARTBEAT_S, Broker
from tests.jobs.waiting import ended, until

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., "subprocess.Popen[bytes]"]

SLOW_CLOCK = {"MLREGISTRY_JOB_HEARTBEAT": "60"}
"""Three minutes between two ticks: whatever comes before was looked for early."""

# What does not depend on the broker is shown on one.
without_a_broker = pytest.mark.parametrize("broker", ["filesystem"], indirect=True)


def counting(by: Actor, path: Path, to: int, pause: float = 0) -> Job:
    with transaction.atomic():
        return services.enqueue(kind="sample.count", payload={"path": str(path), "to": to, "pause": pause}, by=by)


def numbers(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def test_a_job_is_run_and_says_what_it_did(start_worker: Start, ada: Actor, tmp_path: Path) -> None:
    job = counting(ada, tmp_path / "numbers", 3)
    start_worker()
    ended(job)
    assert (job.state, job.error) == (State.SUCCEEDED, "")
    assert job.result == {"begun": 0, "attempt": 1}
    assert job.log == "counted from 0 to 3\n"
    assert job.message.startswith("counted to")
    assert job.started_at
    assert numbers(tmp_path / "numbers") == [0, 1, 2]


def test_what_is_enqueued_while_a_worker_waits_starts_soon(start_worker: Start, ada: Actor, tmp_path: Path) -> None:
    start_worker()
    ended(counting(ada, tmp_path / "first", 1))
    second = ended(counting(ada, tmp_path / "second", 1))
    assert second.started_at
    assert (second.started_at - second.created_at).total_seconds() < 3


def test_a_job_whose_worker_is_killed_is_brought_to_its_end_by_the_next(
    start_worker: Start, ada: Actor, tmp_path: Path
) -> None:
    path = tmp_path / "numbers"
    job = counting(ada, path, 40, pause=0.05)
    first = start_worker()
    until(lambda: len(numbers(path)) >= 5)
    first.kill()
    first.wait()
    job.refresh_from_db()
    assert job.state == State.RUNNING

    start_worker()
    ended(job)
    assert job.state == State.SUCCEEDED
    assert job.attempts == 2
    assert job.result
    assert job.result["begun"] >= 5
    assert numbers(path) == list(range(40))


def test_a_worker_told_to_stop_gives_its_job_back_and_ends(start_worker: Start, ada: Actor, tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    job = counting(ada, path, 40, pause=0.05)
    first = start_worker()
    until(lambda: len(numbers(path)) >= 5)
    first.send_signal(signal.SIGTERM)
    assert first.wait(8) == 0
    job.refresh_from_db()
    assert (job.state, job.attempts, job.claim) == (State.QUEUED, 0, "")
    assert len(numbers(path)) < 40

    start_worker()
    assert ended(job).state == State.SUCCEEDED
    assert numbers(path) == list(range(40))


@without_a_broker
def test_a_job_whose_message_was_lost_is_run_all_the_same(start_worker: Start, ada: Actor, tmp_path: Path) -> None:
    job = counting(ada, tmp_path / "numbers", 1)
    lost = Job.objects.get(pk=job.pk)
    lost.pk = None
    lost.save()
    start_worker()
    assert ended(lost).state == State.SUCCEEDED


def test_two_workers_run_each_job_once(start_worker: Start, ada: Actor, tmp_path: Path) -> None:
    jobs = [counting(ada, tmp_path / f"numbers-{number}", 3) for number in range(20)]
    start_worker()
    start_worker()
    for job in jobs:
        assert ended(job).attempts == 1
    assert all(numbers(tmp_path / f"numbers-{number}") == [0, 1, 2] for number in range(20))


@without_a_broker
def test_what_the_schedule_asks_for_is_run_once_a_period(start_worker: Start) -> None:
    start_worker()
    start_worker()
    due = until(lambda: Job.objects.filter(kind="sample.due", state=State.SUCCEEDED).first())
    assert due.username == "system:schedule"
    time.sleep(10 * HEARTBEAT_S)
    assert Job.objects.filter(kind="sample.due").count() == 1


def want(broker: Broker, path: Path, *, within: float) -> None:
    """Have the sample's look find something due in so many seconds."""
    wanted = {"at": time.time() + within, "payload": {"path": str(path), "to": 1}}
    written = broker.data / "wanted.new"
    written.write_text(json.dumps(wanted))
    written.rename(broker.data / "wanted")


@without_a_broker
def test_what_an_app_finds_due_is_run_when_it_said(broker: Broker, start_worker: Start, tmp_path: Path) -> None:
    want(broker, tmp_path / "numbers", within=4)
    begun = time.monotonic()
    start_worker(**SLOW_CLOCK)
    until(lambda: numbers(tmp_path / "numbers") == [0])
    assert time.monotonic() - begun > 3.9


@without_a_broker
def test_apps_look_for_what_is_due_as_soon_as_a_job_has_ended(
    broker: Broker, start_worker: Start, ada: Actor, tmp_path: Path
) -> None:
    job = counting(ada, tmp_path / "first", 5, pause=0.2)
    start_worker(**SLOW_CLOCK)
    until(lambda: numbers(tmp_path / "first"))
    want(broker, tmp_path / "second", within=0)
    assert ended(job).state == State.SUCCEEDED
    until(lambda: numbers(tmp_path / "second") == [0], within=10)


@without_a_broker
def test_a_cancelled_job_stops_while_it_runs(start_worker: Start, ada: Actor, tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    job = counting(ada, path, 200, pause=0.05)
    worker = start_worker()
    until(lambda: len(numbers(path)) >= 5)
    services.cancel(job=job, by=ada)
    after = counting(ada, tmp_path / "after", 1)
    assert ended(after).state == State.SUCCEEDED
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert len(numbers(path)) < 200
    assert worker.poll() is None


@without_a_broker
def test_a_queue_in_a_folder_leaves_no_files_behind(
    broker: Broker, start_worker: Start, ada: Actor, tmp_path: Path
) -> None:
    job = counting(ada, tmp_path / "numbers", 1)
    start_worker()
    ended(job)
    folder = broker.data / "queue"
    until(lambda: not list(folder.iterdir()))
