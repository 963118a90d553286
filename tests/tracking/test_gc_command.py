"""`manage.py gc` and the scheduled job: what they say, and that a kill loses nothing."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.accounts.models import User
from apps.audit import chain
from apps.audit.models import Entry
from apps.jobs import running, services
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.jobs.registry import SCHEDULE
from apps.tracking import tasks
from apps.tracking.artifacts.locations import proxied_path
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.entities import Param
from apps.tracking.models import Experiment, LatestMetric, Metric, Run, RunTag
from apps.tracking.models import Param as ParamRow
from mlregistry.actor import system
from mlregistry.errors import Busy
from tests.live import PROJECT, clean_environment
from tests.tracking.making import delete, delete_experiment, log, make_run, point

RUNS = 150
POINTS = 40
KILLS = 3


def run_gc(*arguments: str) -> str:
    output = StringIO()
    call_command("gc", *arguments, stdout=output)
    return output.getvalue()


def test_it_says_what_it_deleted(ada: User, experiment: Experiment, store: LocalStore) -> None:
    make_run(experiment, ada)
    delete_experiment(ada, experiment, days_ago=31)
    assert run_gc("--older-than", "30d") == "Deleted 1 runs, 0 logged models, 1 experiments, 0 datasets.\n"


def test_a_dry_run_says_what_would_go_and_changes_nothing(ada: User, experiment: Experiment, store: LocalStore) -> None:
    make_run(experiment, ada)
    delete_experiment(ada, experiment, days_ago=31)
    before = Entry.objects.count()
    assert run_gc("--dry-run") == "Would delete 1 runs, 0 logged models, 1 experiments, 0 datasets.\n"
    assert Run.objects.count() == 1
    assert Entry.objects.count() == before


def test_without_an_age_the_setting_says_what_is_old(
    ada: User, experiment: Experiment, store: LocalStore, settings: Any
) -> None:
    run = make_run(experiment, ada)
    delete(ada, run, days_ago=20)
    assert run_gc().startswith("Deleted 0 runs")
    assert run_gc("--older-than", "19d23h").startswith("Deleted 1 runs")


@pytest.mark.parametrize("age", ["", "30", "d", "1h2d", "1..5d", "-1d", "30 d", "99999999999d", "٣d"])
def test_an_age_that_is_none_is_refused(db: None, age: str) -> None:
    with pytest.raises(CommandError, match="--older-than"):
        run_gc(f"--older-than={age}")


def test_it_names_what_was_left_to_clients_and_what_the_store_refused(
    ada: User, experiment: Experiment, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, refused = make_run(experiment, ada), make_run(experiment, ada)
    location = f"s3://theirs/{theirs.uuid}/artifacts"
    Run.objects.filter(pk=theirs.pk).update(artifact_uri=location)
    for run in (theirs, refused):
        delete(ada, run, days_ago=31)

    def refuse(path: str) -> None:
        raise Busy("The artifact store is busy.")

    monkeypatch.setattr(store, "delete", refuse)
    output = StringIO()
    with pytest.raises(CommandError, match="run it again"):
        call_command("gc", stdout=output)
    assert location in output.getvalue()
    assert f"{refused.artifact_uri}: The artifact store is busy." in output.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_scheduled_job_does_the_same_and_keeps_what_it_did(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    assert SCHEDULE["tracking.gc"] == timedelta(days=1)
    assert tasks.gc
    run = make_run(experiment, ada)
    delete(ada, run, days_ago=31)
    job = services.enqueue(kind="tracking.gc", payload={}, by=system("schedule"))
    running.run(job.pk)
    job = Job.objects.get(pk=job.pk)
    assert (job.state, job.error) == (State.SUCCEEDED, "")
    assert job.result is not None
    assert job.result["runs"] == 1
    assert Entry.objects.get(action="tracking.run.purge").username == "system:schedule"


def seed(user: User, experiment: Experiment, store: LocalStore) -> Run:
    """Runs that are due, each with a file, and one that stays; the latter is returned."""
    points = [point("loss", 1.0, step=step) for step in range(POINTS)]
    made = [make_run(experiment, user) for _ in range(RUNS + 1)]
    for run in made:
        log(user, run, metrics=points, params=[Param(key="lr", value="1")])
        store.write(f"{proxied_path(run.artifact_uri)}/weights.bin", [b"1234"])
    for run in made[1:]:
        delete(user, run, days_ago=31)
    return made[0]


def start_gc(store: LocalStore, folder: Path) -> subprocess.Popen[bytes]:
    """The command in a process of its own, on the database of this test."""
    settings = connection.settings_dict
    address = f"sqlite:///{settings['NAME']}"
    if connection.vendor == "postgresql":
        address = f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{settings['NAME']}"
    environment = clean_environment() | {
        "DATABASE_URL": address,
        "MLREGISTRY_DATA": str(folder),
        "MLREGISTRY_ARTIFACTS": str(store.root),
    }
    return subprocess.Popen([sys.executable, "manage.py", "gc"], cwd=PROJECT, env=environment)


def kill_in_the_middle(process: subprocess.Popen[bytes]) -> bool:
    """Kill it as soon as something has gone since it started; False if it came to its end before."""
    before = LatestMetric.objects.count() + Run.objects.filter(lifecycle_stage="purging").count()
    while process.poll() is None:
        if LatestMetric.objects.count() + Run.objects.filter(lifecycle_stage="purging").count() != before:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.002)
    assert process.returncode == 0
    return False


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_point_it_goes_on_where_it_stopped(
    ada: User, experiment: Experiment, store: LocalStore, tmp_path: Path
) -> None:
    kept = seed(ada, experiment, store)
    kills = 0
    while kills < KILLS and kill_in_the_middle(start_gc(store, tmp_path)):
        kills += 1
        known = {uuid for (uuid,) in Run.objects.values_list("uuid")}
        on_disk = {path.name for path in (store.root / str(experiment.pk)).iterdir()}
        assert on_disk <= known, "files without a row would never be found again"
    assert kills
    assert start_gc(store, tmp_path).wait() == 0

    assert list(Run.objects.all()) == [kept]
    assert Metric.objects.count() == POINTS
    for table in (LatestMetric, ParamRow, RunTag):
        assert table._default_manager.get().run == kept
    assert {path.name for path in (store.root / str(experiment.pk)).iterdir()} == {kept.uuid}
    purged = Entry.objects.filter(action="tracking.run.purge")
    assert purged.count() == purged.values("target_id").distinct().count() == RUNS
    chain.verify()
