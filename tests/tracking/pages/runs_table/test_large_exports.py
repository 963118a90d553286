"""Many runs are written to a file by a job: who asks for it and takes it, how it ends early, how long it is kept."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs import queries as jobs
from apps.jobs import running, services
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.tracking import tasks  # noqa: F401  registers the functions
from apps.tracking.artifacts.stores.local import UPLOADS, LocalStore
from apps.tracking.models import Experiment, Run
from apps.tracking.pages import run_export
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries import run_records
from apps.tracking.services import exports
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.tracking.making import log, make_run, point
from tests.tracking.pages.runs_table.conftest import SignedIn

SOME = 9


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch, store: LocalStore) -> None:
    """Jobs wait until the test runs them; five runs are too many to be sent at once."""
    monkeypatch.setattr(services, "dispatch", lambda _: None)
    monkeypatch.setattr(run_records, "BATCH", 2)
    monkeypatch.setattr(run_export, "MOST_AT_ONCE_SENT", 4)
    monkeypatch.setattr(running, "REPORT_EVERY_S", 0)


@pytest.fixture
def many(experiment: Experiment, ada: User) -> list[Run]:
    made = [make_run(experiment, ada, name="=cmd" if number == 3 else f"run-{number}") for number in range(SOME)]
    for number, run in enumerate(made):
        log(ada, run, metrics=[point("loss", (7 * number) % SOME)])
    return made


@pytest.fixture
def manager(ada: User, signed_in: SignedIn) -> Client:
    return signed_in(ada)


def asked(client: Client, experiment: Experiment, name: str = "csv", state: str = "") -> Job:
    sent = {"matching": "1", "state": state, "format": name}
    answer = client.post(reverse("experiment-export", args=[experiment.pk]), sent)
    assert answer.status_code == 303, answer.content
    job = Job.objects.latest("id")
    assert answer["Location"] == reverse("job", args=[job.pk])
    return job


def run(job: Job) -> Job:
    running.run(job.pk)
    job.refresh_from_db()
    return job


def taken(client: Client, job: Job) -> bytes:
    answer = client.get(reverse("export-file", args=[job.pk]))
    assert answer.status_code == 200
    return read(answer)


def read(answer: Any) -> bytes:
    return b"".join(answer)  # Django's client closes it at its end


def status(client: Client, job: Job) -> int:
    answer = client.get(reverse("export-file", args=[job.pk]))
    read(answer)
    return int(answer.status_code)


def files(store: LocalStore) -> list[str]:
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file())


def test_many_runs_are_written_by_a_job_in_the_order_of_the_table(
    manager: Client, experiment: Experiment, many: list[Run]
) -> None:
    job = run(asked(manager, experiment, state="filter=metrics.loss+%3E+1&sort=-metrics.loss"))
    assert (job.state, job.error, job.done, job.total) == (State.SUCCEEDED, "", 7, 7)
    lines = list(csv.DictReader(io.StringIO(taken(manager, job).decode(), newline="")))
    assert [float(line["metrics.loss"]) for line in lines] == [8, 7, 6, 5, 4, 3, 2]
    assert "'=cmd" in [line["run_name"] for line in lines]
    page = manager.get(reverse("job", args=[job.pk])).content.decode()
    assert f'href="{reverse("export-file", args=[job.pk])}"' in page
    assert f"experiment-{experiment.pk}-runs.csv" in page


@pytest.mark.parametrize("name", ["json", "parquet"])
def test_each_format_can_be_written_by_a_job(
    manager: Client, experiment: Experiment, many: list[Run], name: str
) -> None:
    content = taken(manager, run(asked(manager, experiment, name)))
    count = len(json.loads(content)) if name == "json" else pq.read_table(io.BytesIO(content)).num_rows
    assert count == SOME


def test_the_file_is_an_attachment_that_can_be_resumed(
    manager: Client, experiment: Experiment, many: list[Run]
) -> None:
    job = run(asked(manager, experiment))
    whole = taken(manager, job)
    rest = manager.get(reverse("export-file", args=[job.pk]), headers={"Range": "bytes=10-"})
    assert rest.status_code == 206
    assert read(rest) == whole[10:]
    assert rest["Content-Disposition"] == f'attachment; filename="experiment-{experiment.pk}-runs.csv"'
    assert rest["X-Content-Type-Options"] == "nosniff"


def test_few_are_sent_at_once(manager: Client, experiment: Experiment, many: list[Run]) -> None:
    address = reverse("experiment-export", args=[experiment.pk])
    sent = {"matching": "1", "state": "filter=metrics.loss+%3C+4", "format": "json"}
    assert len(json.loads(manager.post(address, sent).getvalue())) == 4
    assert len(json.loads(manager.get(address, {"filter": "metrics.loss < 4", "format": "json"}).getvalue())) == 4
    assert not Job.objects.exists()


def test_a_get_begins_nothing_and_asks(manager: Client, experiment: Experiment, many: list[Run]) -> None:
    address = reverse("experiment-export", args=[experiment.pk])
    answer = manager.get(address, {"format": "parquet", "filter": "metrics.loss >= 0"})
    assert f"Export {SOME} runs?" in answer.content.decode()
    assert "Write the PARQUET" in answer.content.decode()
    assert "metrics.loss &gt;= 0" in answer.content.decode()
    assert not Job.objects.exists()


def test_who_may_ask_and_who_may_take(
    people: dict[str, User], experiment: Experiment, many: list[Run], signed_in: SignedIn
) -> None:
    """Watching jobs of others is no right to their files."""
    sent = {"matching": "1", "format": "csv"}
    address = reverse("experiment-export", args=[experiment.pk])
    statuses = {name: signed_in(user).post(address, sent).status_code for name, user in people.items()}
    assert statuses == {"administrator": 303, "manager": 303, "editor": 303, "reader": 303, "outsider": 404}
    job = run(Job.objects.get(user_id=people["reader"].pk))
    taken_by = {name: status(signed_in(user), job) for name, user in people.items()}
    assert taken_by == {"administrator": 200, "manager": 404, "editor": 404, "reader": 200, "outsider": 404}
    assert [jobs.may_take_file(people[name], job) for name in ("administrator", "reader", "manager")] == [
        True,
        True,
        False,
    ]


def test_who_may_read_the_experiment_no_more_does_not_get_the_file(
    people: dict[str, User], experiment: Experiment, many: list[Run], signed_in: SignedIn
) -> None:
    client = signed_in(people["reader"])
    job = run(asked(client, experiment))
    take_away(people["reader"], experiment)
    assert client.get(reverse("export-file", args=[job.pk])).status_code == 404


def take_away(user: User, experiment: Experiment) -> None:
    EXPERIMENT_GRANTS.set(target=experiment, holder=user, level=Level.NO_PERMISSIONS, by=system("tests"))


def broken_off(after: int, how: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next job interrupted when so many runs were written."""
    progress = running.RunningJob.progress

    def reported(self: running.RunningJob, done: int, total: int | None = None, message: str = "") -> None:
        if done == after:
            monkeypatch.setattr(running.RunningJob, "progress", progress)
            how()
        progress(self, done, total, message)

    monkeypatch.setattr(running.RunningJob, "progress", reported)


class Killed(BaseException):
    """As when the power goes."""


def test_a_worker_that_was_killed_half_way_leaves_no_file_and_the_next_writes_it_whole(
    manager: Client, experiment: Experiment, many: list[Run], store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise Killed

    job = asked(manager, experiment)
    broken_off(4, die, monkeypatch)
    with pytest.raises(Killed):
        running.run(job.pk)
    assert files(store) == []
    assert manager.get(reverse("export-file", args=[job.pk])).status_code == 404
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED)
    assert run(job).state == State.SUCCEEDED
    assert len(taken(manager, job).splitlines()) == SOME + 1


@pytest.mark.usefixtures("many")
def test_a_cancelled_export_stops_and_leaves_nothing(
    ada: User, manager: Client, experiment: Experiment, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = asked(manager, experiment)
    broken_off(4, lambda: services.cancel(job=Job.objects.get(pk=job.pk), by=ada.actor()), monkeypatch)
    job = run(job)
    assert job.state == State.CANCELLED
    assert files(store) == []
    assert "Download" not in manager.get(reverse("job", args=[job.pk])).content.decode()
    assert manager.get(reverse("export-file", args=[job.pk])).status_code == 404


@pytest.mark.usefixtures("many")
def test_who_loses_the_right_to_read_half_way_gets_no_half_of_it(
    people: dict[str, User],
    experiment: Experiment,
    signed_in: SignedIn,
    store: LocalStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = asked(signed_in(people["reader"]), experiment)
    broken_off(4, lambda: take_away(people["reader"], experiment), monkeypatch)
    assert run(job).state == State.FAILED
    assert files(store) == []


def test_a_file_is_kept_for_a_day_and_then_removed(
    manager: Client, experiment: Experiment, many: list[Run], store: LocalStore
) -> None:
    job, other = run(asked(manager, experiment)), run(asked(manager, experiment, "json"))
    assert exports.sweep_exports() == 0
    result: dict[str, Any] = job.result or {}
    result["file"]["until"] = (timezone.now() - timedelta(seconds=1)).isoformat()
    Job.objects.filter(pk=job.pk).update(result=result)
    told = manager.get(reverse("export-file", args=[job.pk]))
    assert (told.status_code, "Ask for it again" in told.content.decode()) == (404, True)
    assert "was removed" in manager.get(reverse("job", args=[job.pk])).content.decode()
    assert exports.sweep_exports() == 1
    assert [path for path in files(store) if UPLOADS not in path] == [
        f".exports/{other.pk}/experiment-{experiment.pk}-runs.json"
    ]


def test_files_that_no_job_leads_to_are_removed_and_those_of_jobs_under_way_are_not(
    manager: Client, experiment: Experiment, many: list[Run], store: LocalStore
) -> None:
    job = asked(manager, experiment)
    for folder in (job.pk, 10**17, "9" * 40, "else"):
        store.write(f"{exports.FOLDER}/{folder}/runs.csv", [b"1"])
    assert exports.sweep_exports() == 3
    assert files(store) == [f".exports/{job.pk}/runs.csv"]
    Job.objects.filter(pk=job.pk).update(state=State.FAILED)
    assert exports.sweep_exports() == 1


def test_asked_twice_it_is_written_once_and_nobody_asks_without_end(
    manager: Client, experiment: Experiment, many: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(manager, experiment) == asked(manager, experiment)
    assert asked(manager, experiment, "json") != asked(manager, experiment, "parquet")
    monkeypatch.setattr(exports, "MOST_KEPT", 3)
    sent = {"matching": "1", "format": "csv", "state": "sort=metrics.loss"}
    assert manager.post(reverse("experiment-export", args=[experiment.pk]), sent).status_code == 400
    Job.objects.update(created_at=timezone.now() - exports.KEPT)
    asked(manager, experiment, state="sort=metrics.loss")


@pytest.mark.parametrize("pk", [0, 10**30])
def test_what_was_never_asked_for_is_not_there(manager: Client, db: None, pk: int) -> None:
    assert manager.get(f"/admin/exports/{pk}/").status_code == 404


def test_no_other_job_has_a_file_here(root: User, signed_in: SignedIn) -> None:
    job = services.enqueue(kind="tests.other", payload={}, by=root.actor())
    assert signed_in(root).get(reverse("export-file", args=[job.pk])).status_code == 404


def test_no_experiment_has_the_folder_of_exports(manager: Client, root: User, signed_in: SignedIn) -> None:
    client = Client()
    client.force_login(root)
    for location in (f"mlflow-artifacts:/{exports.FOLDER}", f"mlflow-artifacts:/{exports.FOLDER}/1"):
        sent = json.dumps({"name": location[-9:], "artifact_location": location})
        answer = client.post("/ajax-api/2.0/mlflow/experiments/create", sent, content_type="application/json")
        assert answer.status_code == 400
        assert "artifact_location" in answer.json()["message"]
