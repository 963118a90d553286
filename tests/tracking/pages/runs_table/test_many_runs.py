"""All runs that match are deleted, restored, tagged or moved by a job, which goes on after it was broken off."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.jobs import running, services
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.tracking import tasks  # noqa: F401  registers the functions
from apps.tracking.choices import Lifecycle
from apps.tracking.models import Experiment, Run, RunTag
from apps.tracking.pages import run_actions
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.services import many_runs
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.tracking.making import log, make_experiment, make_run, point
from tests.tracking.pages.runs_table.conftest import SignedIn

PARTS = {"runs-tag": {"key": "seen", "value": "1"}, "runs-delete": {}, "runs-restore": {}}


@pytest.fixture(autouse=True)
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait until the test runs them, in batches that are small."""
    monkeypatch.setattr(services, "dispatch", lambda _: None)
    monkeypatch.setattr(many_runs, "BATCH", 3)


@pytest.fixture
def many(experiment: Experiment, ada: User) -> list[Run]:
    """Eight runs, the last of which have a loss of less than 0.25."""
    made = [make_run(experiment, ada, name=f"run-{number}") for number in range(8)]
    for number, run in enumerate(made):
        log(ada, run, metrics=[point("loss", (7 - number) / 10)])
    return made


@pytest.fixture
def manager(ada: User, signed_in: SignedIn) -> Client:
    return signed_in(ada)


def question(client: Client, part: str, experiment: Experiment, **sent: Any) -> Any:
    """The page that asks whether it is meant."""
    asked = client.post(reverse(part, args=[experiment.pk]), {"matching": "1", **sent})
    assert (asked.status_code, Job.objects.count()) == (200, 0)
    return asked


def ask(client: Client, part: str, experiment: Experiment, **sent: Any) -> Job:
    """Ask for all that match, mean it, and the job that comes of it."""
    address = reverse(part, args=[experiment.pk])
    asked = client.post(address, {"matching": "1", **sent})
    assert asked.status_code == 200
    answer = client.post(address, dict(asked.context["sent"]))
    assert answer.status_code == 303
    job = Job.objects.latest("id")
    assert answer["Location"] == reverse("job", args=[job.pk])
    return job


def run(job: Job) -> Job:
    running.run(job.pk)
    job.refresh_from_db()
    return job


def recorded() -> QuerySet[Entry]:
    return Entry.objects.filter(action="tracking.run.delete")


def deleted() -> int:
    return Run.objects.filter(lifecycle_stage=Lifecycle.DELETED).count()


def test_all_that_match_are_deleted_and_restored(
    ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn
) -> None:
    client = signed_in(ada)
    state = "filter=metrics.loss+%3C+0.45&sort=-metrics.loss"
    job = run(ask(client, "runs-delete", experiment, state=state, run=[many[0].uuid]))
    table = reverse("experiment", args=[experiment.pk])
    assert (job.state, job.error) == (State.SUCCEEDED, "")
    assert job.result == {"deleted": 5, "refused": 0, "why": []}
    assert (job.done, job.total, job.message) == (5, 5, "")
    assert {entry.username for entry in recorded()} == {"ada"}
    assert recorded().count() == deleted() == 5
    assert f'href="{table}?filter' in client.get(reverse("job", args=[job.pk])).content.decode()

    job = run(ask(client, "runs-restore", experiment, state="view=deleted"))
    assert job.result
    assert (job.result["restored"], deleted()) == (5, 0)
    assert Entry.objects.filter(action="tracking.run.restore").count() == 5


def test_all_that_match_are_tagged(ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn) -> None:
    other = make_run(make_experiment(ada, "other"), ada)
    job = run(ask(signed_in(ada), "runs-tag", experiment, key="team", value="risk"))
    assert job.result
    assert job.result["tagged"] == len(many)
    tagged = RunTag.objects.filter(key="team", value="risk")
    assert tagged.count() == len(many)
    assert not tagged.filter(run=other).exists()


@pytest.mark.parametrize(("part", "words"), [("runs-delete", "Delete 5 runs"), ("runs-tag", "Tag 5 runs")])
def test_nothing_is_begun_before_the_number_was_read(
    experiment: Experiment, many: list[Run], manager: Client, part: str, words: str
) -> None:
    hostile = "<script>window.fired"
    state = "filter=metrics.loss+%3C+0.45"
    told = question(manager, part, experiment, state=state, key="team", value=hostile).content.decode()
    assert f"{words}?" in told
    assert "metrics.loss &lt; 0.45" in told
    assert hostile not in told
    assert ("&lt;script&gt;" in told) == (part == "runs-tag")


def test_where_none_matches_there_is_nothing_to_ask(experiment: Experiment, many: list[Run], manager: Client) -> None:
    answer = manager.post(reverse("runs-restore", args=[experiment.pk]), {"matching": "1", "state": "view=deleted"})
    assert "No run matches." in manager.get(answer["Location"]).content.decode()
    assert not Job.objects.exists()


def test_what_was_begun_while_the_question_was_read_was_not_meant(
    ada: User, experiment: Experiment, many: list[Run], manager: Client
) -> None:
    asked = question(manager, "runs-delete", experiment)
    make_run(experiment, ada)
    manager.post(reverse("runs-delete", args=[experiment.pk]), dict(asked.context["sent"]))
    run(Job.objects.get())
    assert deleted() == len(many)


@pytest.mark.parametrize("newest", ["", "-1", "x", "9" * 5000, "1 OR 1"])
def test_a_question_is_not_answered_by_nonsense(
    experiment: Experiment, many: list[Run], manager: Client, newest: str
) -> None:
    question(manager, "runs-delete", experiment, newest=newest)


def test_who_may_ask_for_it(
    people: dict[str, User], experiment: Experiment, many: list[Run], signed_in: SignedIn
) -> None:
    done = {}
    for name, user in people.items():
        paths = {part: reverse(part, args=[experiment.pk]) for part in PARTS}
        client = signed_in(user)
        done[name] = [
            client.post(paths[part], {"matching": "1", "newest": many[-1].pk, **sent}).status_code
            for part, sent in PARTS.items()
        ]
    assert done == {
        "administrator": [303, 303, 303],
        "manager": [303, 303, 303],
        "editor": [303, 403, 403],
        "reader": [403, 403, 403],
        "outsider": [404, 404, 404],
    }
    assert Job.objects.count() == 7


def test_the_job_of_somebody_else_is_hidden(
    people: dict[str, User], experiment: Experiment, many: list[Run], signed_in: SignedIn
) -> None:
    job = ask(signed_in(people["manager"]), "runs-delete", experiment)
    path = reverse("job", args=[job.pk])
    seen = {name: signed_in(user).get(path).status_code for name, user in people.items()}
    assert seen == {"administrator": 200, "manager": 200, "editor": 404, "reader": 404, "outsider": 404}
    assert signed_in(people["editor"]).post(reverse("job-cancel", args=[job.pk])).status_code == 404


def test_many_that_were_ticked_are_a_job_and_few_are_not(
    ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_actions, "MOST_WHILE_ONE_WAITS", 4)
    client, address = signed_in(ada), reverse("runs-delete", args=[experiment.pk])
    hidden = make_run(make_experiment(User.objects.create_superuser("root2"), "hidden"), ada)
    EXPERIMENT_GRANTS.set(target=hidden.experiment, holder=ada, level=Level.READ, by=system("tests"))
    client.post(address, {"run": [one.uuid for one in many[:4]]})
    assert (deleted(), Job.objects.count()) == (4, 0)
    client.post(address, {"run": [one.uuid for one in [*many, hidden]]})
    job = run(Job.objects.get())
    assert job.result
    assert (job.result["deleted"], job.result["refused"], deleted()) == (8, 1, 8)
    assert "MANAGE" in job.result["why"][0]
    assert recorded().count() == 8


def test_what_was_begun_afterwards_was_not_meant(
    ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn
) -> None:
    job = ask(signed_in(ada), "runs-delete", experiment)
    later = make_run(experiment, ada)
    assert run(job).result == {"deleted": len(many), "refused": 0, "why": []}
    assert Run.objects.get(pk=later.pk).is_active


def test_asked_twice_it_is_done_once(ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn) -> None:
    client = signed_in(ada)
    assert ask(client, "runs-delete", experiment) == ask(client, "runs-delete", experiment)
    assert ask(client, "runs-tag", experiment, key="a") != ask(client, "runs-tag", experiment, key="b")


def test_a_filter_that_is_not_understood_is_refused_at_once(
    ada: User, experiment: Experiment, signed_in: SignedIn
) -> None:
    sent = {"matching": "1", "state": "filter=metrics.loss+%7E+1"}
    assert signed_in(ada).post(reverse("runs-delete", args=[experiment.pk]), sent).status_code == 400
    assert not Job.objects.exists()


def broken_off(after: int, how: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next job interrupted when so many runs were taken."""
    progress = running.RunningJob.progress

    def reported(self: running.RunningJob, done: int, total: int | None = None, message: str = "") -> None:
        progress(self, done, total, message)
        if done == after:
            monkeypatch.setattr(running.RunningJob, "progress", progress)
            how()

    monkeypatch.setattr(running.RunningJob, "progress", reported)


class Killed(BaseException):
    """As when the power goes."""


@pytest.mark.parametrize("part", ["runs-delete", "runs-tag"])
def test_it_goes_on_when_its_worker_was_killed(
    manager: Client, experiment: Experiment, many: list[Run], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise Killed

    job = ask(manager, part, experiment, **PARTS[part])
    broken_off(5, die, monkeypatch)
    with pytest.raises(Killed):
        running.run(job.pk)
    done = RunTag.objects.filter(key="seen") if part == "runs-tag" else recorded()
    assert done.count() == 5
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED)
    assert run(job).state == State.SUCCEEDED
    assert done.count() == len(many)
    assert (job.attempts, job.done, job.total) == (2, len(many), len(many))
    assert job.result
    assert job.result[many_runs.Action(part[5:]).done] == len(many)


def test_it_stops_when_the_asker_loses_the_level(
    ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_away() -> None:
        EXPERIMENT_GRANTS.set(target=experiment, holder=ada, level=Level.READ, by=system("tests"))

    job = ask(signed_in(ada), "runs-delete", experiment)
    broken_off(2, take_away, monkeypatch)
    assert run(job).result
    assert (job.result["deleted"], job.result["refused"], deleted()) == (2, 6, 2)


def test_it_stops_when_the_asker_is_switched_off(
    ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(signed_in(ada), "runs-delete", experiment)
    broken_off(2, lambda: User.objects.filter(pk=ada.pk).update(is_active=False) and None, monkeypatch)
    assert run(job).state == State.FAILED
    assert deleted() == 3  # those of the batch that was begun


def test_it_stops_when_it_is_cancelled(
    ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "REPORT_EVERY_S", 0)
    job = ask(signed_in(ada), "runs-delete", experiment)
    broken_off(2, lambda: services.cancel(job=Job.objects.get(pk=job.pk), by=ada.actor()), monkeypatch)
    assert run(job).state == State.CANCELLED
    assert deleted() == 3


def test_all_that_match_is_offered_where_there_are_more(
    ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn
) -> None:
    client, address = signed_in(ada), reverse("experiment", args=[experiment.pk])
    offered = 'type="checkbox" name="matching"'
    assert offered not in client.get(address).content.decode()
    for number in range(50):
        make_run(experiment, ada, name=f"more-{number}")
    assert offered in client.get(address).content.decode()


def test_all_that_match_are_exported(ada: User, experiment: Experiment, many: list[Run], signed_in: SignedIn) -> None:
    sent = {"matching": "1", "state": "filter=metrics.loss+%3C+0.45", "format": "json", "run": [many[0].uuid]}
    answer = signed_in(ada).post(reverse("experiment-export", args=[experiment.pk]), sent)
    assert answer.getvalue().count(b'"run_id"') == 5
