"""Jobs as rows: asked for, claimed, reported on, given up, given back."""

import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.audit.models import Entry
from apps.jobs import clock, registry, running, services
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.jobs.running import RunningJob
from mlregistry.actor import Actor
from mlregistry.celery import make_app
from mlregistry.errors import InvalidState
from tests.jobs.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

Result = Mapping[str, Any] | None


@pytest.fixture(autouse=True)
def queue(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """A queue in a folder; tells the jobs that messages have been sent for."""
    monkeypatch.setattr("mlregistry.celery.app", make_app("", "test", tmp_path))

    def sent() -> list[int]:
        messages = [json.loads(path.read_text()) for path in sorted((tmp_path / "queue").glob("*.msg"))]
        return [json.loads(message["headers"]["argsrepr"])[0] for message in messages]

    return sent


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "FUNCTIONS", {})
    monkeypatch.setattr(registry, "SCHEDULE", {})
    monkeypatch.setattr(registry, "LOOKS", [])
    yield
    running.stopping.clear()


def enqueued(by: Actor, **fields: Any) -> Job:
    return services.enqueue(**{"kind": "tests.kind", "payload": {}, "by": by} | fields)


def ran(by: Actor, function: Callable[[RunningJob], Result], **fields: Any) -> Job:
    """The job that `function` does, after this process has run it."""
    registry.FUNCTIONS["tests.kind"] = function
    job = enqueued(by, **fields)
    running.run(job.pk)
    job.refresh_from_db()
    return job


def test_a_job_keeps_who_asked_for_it(ada: Actor) -> None:
    job = Job.objects.get(pk=enqueued(ada, payload={"number": 1}).pk)
    assert (job.state, job.payload, job.requested_by) == (State.QUEUED, {"number": 1}, ada)


def test_the_message_is_sent_after_the_commit(ada: Actor, queue: Callable[[], list[int]]) -> None:
    with transaction.atomic():
        job = enqueued(ada)
        assert queue() == []
    assert queue() == [job.pk]


def test_no_message_is_sent_when_the_transaction_is_undone(ada: Actor, queue: Callable[[], list[int]]) -> None:
    with transaction.atomic():
        enqueued(ada)
        transaction.set_rollback(True)
    assert queue() == []
    assert not Job.objects.exists()


def test_a_broker_that_is_away_does_not_fail_the_request(ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("redis://127.0.0.1:7149/0", "amqp://127.0.0.1:7149//"):
        monkeypatch.setattr("mlregistry.celery.app", make_app(address, "test", None))  # type: ignore[arg-type]
        assert enqueued(ada).state == State.QUEUED


def test_one_key_has_one_job_that_waits_or_runs(ada: Actor) -> None:
    first = enqueued(ada, unique_key="daily")
    assert enqueued(ada, unique_key="daily") == first
    assert enqueued(ada, unique_key="other") != first
    assert enqueued(ada) != enqueued(ada)
    assert services.claim(job_id=first.pk)
    assert enqueued(ada, unique_key="daily") == first
    running_now = Job.objects.get(pk=first.pk)
    assert services.succeed(job=running_now, result=None)
    assert enqueued(ada, unique_key="daily") != first


def at_once(function: Callable[[], Any], times: int = 8) -> list[Any]:
    start = threading.Barrier(times)

    def one(_: int) -> Any:
        start.wait()
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


def test_of_many_who_ask_for_one_key_at_once_all_get_the_same_job(ada: Actor) -> None:
    jobs = at_once(lambda: enqueued(ada, unique_key="daily").pk)
    assert len(set(jobs)) == 1
    assert Job.objects.count() == 1


def test_of_many_who_claim_a_job_one_has_it(ada: Actor) -> None:
    job = enqueued(ada)
    claims = at_once(lambda: services.claim(job_id=job.pk))
    assert sum(claim is not None for claim in claims) == 1


def test_what_the_function_returns_is_the_result(ada: Actor) -> None:
    job = ran(ada, lambda job: {"got": job.payload["number"]}, payload={"number": 3})
    assert (job.state, job.result, job.error) == (State.SUCCEEDED, {"got": 3}, "")
    assert job.finished_at


def test_a_function_that_raises_fails_the_job_and_logs_where(ada: Actor) -> None:
    def wrong(job: RunningJob) -> None:
        raise ValueError("no such thing")

    job = ran(ada, wrong)
    assert (job.state, job.error) == (State.FAILED, "ValueError: no such thing")
    assert "in wrong" in job.log


def test_a_result_that_is_no_json_fails_the_job(ada: Actor) -> None:
    job = ran(ada, lambda _: {"what": object()})
    assert job.state == State.FAILED
    assert "not JSON serializable" in job.error


def test_a_kind_that_nobody_registered_fails_the_job(ada: Actor) -> None:
    job = enqueued(ada, kind="tests.unknown")
    running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (
        State.FAILED,
        "LookupError: This worker knows no job of the kind tests.unknown.",
    )


def test_a_message_for_a_job_that_does_not_wait_does_nothing(ada: Actor) -> None:
    job = ran(ada, lambda _: {"run": 1})
    registry.FUNCTIONS["tests.kind"] = lambda _: {"run": 2}
    running.run(job.pk)
    running.run(987654)
    job.refresh_from_db()
    assert job.result == {"run": 1}


def test_progress_is_written_once_a_second_and_at_the_end(ada: Actor, django_assert_num_queries: Any) -> None:
    job = enqueued(ada)
    held = services.claim(job_id=job.pk)
    assert held
    reporter = RunningJob(held)
    with django_assert_num_queries(2):
        for number in range(1, 101):
            reporter.progress(number, 100, f"did {number}")
    job.refresh_from_db()
    assert (job.done, job.total, job.message) == (100, 100, "did 100")


def test_a_running_job_has_a_heartbeat(ada: Actor) -> None:
    def long(job: RunningJob) -> None:
        first = Job.objects.get(pk=job.id).heartbeat_at
        until(lambda: Job.objects.get(pk=job.id).heartbeat_at > first, within=10)

    assert ran(ada, long).state == State.SUCCEEDED


def silent(job: Job) -> Job:
    """The claimed job, whose worker was last heard of long ago."""
    held = services.claim(job_id=job.pk)
    assert held
    Job.objects.filter(pk=job.pk).update(heartbeat_at=Now() - 2 * services.silence())
    return held


def test_the_sweeper_queues_a_silent_job_again(ada: Actor, queue: Callable[[], list[int]]) -> None:
    job = enqueued(ada)
    silent(job)
    services.sweep()
    job.refresh_from_db()
    assert (job.state, job.attempts, job.claim) == (State.QUEUED, 1, "")
    assert queue() == [job.pk, job.pk]


def test_the_sweeper_leaves_a_job_alone_that_lives(ada: Actor) -> None:
    job = enqueued(ada)
    assert services.claim(job_id=job.pk)
    services.sweep()
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_a_job_that_took_too_many_workers_with_it_is_given_up(ada: Actor) -> None:
    job = enqueued(ada)
    for _ in range(services.MOST_ATTEMPTS):
        silent(job)
        services.sweep()
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "Given up: its worker died or fell silent 5 times.")


def test_a_worker_that_was_given_up_writes_nothing_any_more(ada: Actor) -> None:
    job = enqueued(ada)
    ghost = silent(job)
    services.sweep()
    assert not services.report(job=ghost, done=5)
    assert not services.succeed(job=ghost, result={"from": "ghost"})
    assert not services.fail(job=ghost, error="from the ghost")
    services.release(job=ghost)
    heir = services.claim(job_id=job.pk)
    assert heir
    assert not services.succeed(job=ghost, result={"from": "ghost"})
    assert services.succeed(job=heir, result={"from": "heir"})
    job.refresh_from_db()
    assert job.result == {"from": "heir"}


def test_a_job_given_to_another_stops_at_its_next_report(ada: Actor) -> None:
    def usurped(job: RunningJob) -> None:
        Job.objects.filter(pk=job.id).update(claim="another")
        job.progress(1)
        raise AssertionError("it went on")

    job = ran(ada, usurped)
    assert (job.state, job.claim) == (State.RUNNING, "another")


def test_a_job_gives_itself_back_when_its_worker_stops(ada: Actor, queue: Callable[[], list[int]]) -> None:
    def stopped(job: RunningJob) -> None:
        running.stopping.set()
        job.progress(1)

    job = ran(ada, stopped)
    assert (job.state, job.attempts) == (State.QUEUED, 0)
    assert queue() == [job.pk, job.pk]


def test_a_job_that_loses_the_database_is_left_to_the_sweeper(ada: Actor) -> None:
    def cut_off(job: RunningJob) -> None:
        raise OperationalError("server closed the connection")

    assert ran(ada, cut_off).state == State.RUNNING


def test_messages_that_were_lost_are_sent_again_a_few_at_a_time(
    ada: Actor, queue: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "RESENT_AT_ONCE", 2)
    jobs = [enqueued(ada).pk for _ in range(3)]
    services.sweep()
    assert queue() == jobs
    Job.objects.update(dispatched_at=timezone.now() - 2 * services.silence())
    services.sweep()
    assert queue() == [*jobs, *jobs[:2]]
    services.sweep()
    assert queue() == [*jobs, *jobs]


def test_a_waiting_job_that_is_cancelled_never_starts(ada: Actor) -> None:
    job = enqueued(ada)
    services.cancel(job=job, by=ada)
    running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.finished_at) == (State.CANCELLED, 0, ANY)
    entry = Entry.objects.get()
    assert (entry.action, entry.target_id, entry.username) == ("jobs.cancel", str(job.pk), "ada")


def test_a_job_that_has_ended_cannot_be_cancelled(ada: Actor) -> None:
    job = ran(ada, lambda _: None)
    with pytest.raises(InvalidState, match="ended"):
        services.cancel(job=job, by=ada)
    assert not Entry.objects.exists()


def test_what_is_due_is_enqueued_once_a_period() -> None:
    registry.register("tests.daily", every=timedelta(days=1))(lambda _: None)
    clock.tick()
    clock.tick()
    job = Job.objects.get()
    assert (job.kind, job.username) == ("tests.daily", "system:schedule")
    Job.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1), state=State.SUCCEEDED)
    clock.tick()
    assert Job.objects.count() == 2


def test_a_kind_has_one_function() -> None:
    registry.register("tests.kind")(lambda _: None)
    with pytest.raises(ValueError, match=r"tests\.kind"):
        registry.register("tests.kind")(lambda _: {})


def test_the_clock_lets_apps_look_and_comes_back_when_the_first_of_them_wants(ada: Actor) -> None:
    now = timezone.now()
    wishes = [now + timedelta(seconds=20), None, now + timedelta(seconds=10)]
    for wish in wishes:
        registry.every_tick(lambda wish=wish: wish)  # type: ignore[misc]
    assert 9 < clock.look() < 10
    registry.LOOKS.clear()
    assert clock.look() == math.inf


def test_a_look_that_fails_does_not_stop_the_clock(ada: Actor, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise ValueError("no such thing")

    registry.every_tick(broken)
    assert clock.look() == math.inf
    assert "no such thing" in caplog.text


def test_of_one_kind_the_jobs_that_ended_long_ago_are_forgotten(ada: Actor) -> None:
    old, young, waiting, other = (enqueued(ada, kind=kind) for kind in ("tests.a", "tests.a", "tests.a", "tests.b"))
    now = timezone.now()
    Job.objects.filter(pk__in=(old.pk, other.pk)).update(finished_at=now - timedelta(days=2), state=State.SUCCEEDED)
    Job.objects.filter(pk=young.pk).update(finished_at=now, state=State.FAILED)
    assert services.remove_ended(kind="tests.a", before=now - timedelta(days=1)) == 1
    assert set(Job.objects.all()) == {young, waiting, other}
