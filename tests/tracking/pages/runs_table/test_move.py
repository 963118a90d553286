"""Runs that are chosen in a table are moved to another experiment: where to, who may, and what is said."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.jobs import running, services
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.tracking import tasks  # noqa: F401  registers the functions
from apps.tracking.choices import Lifecycle
from apps.tracking.entities import Tag
from apps.tracking.models import Experiment, Run
from apps.tracking.pages import run_actions
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.services import many_runs
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.tracking.making import delete, delete_experiment, log, make_experiment, make_run, point
from tests.tracking.pages.runs_table.conftest import SignedIn


@pytest.fixture(autouse=True)
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait until the test runs them, in batches that are small."""
    monkeypatch.setattr(services, "dispatch", lambda _: None)
    monkeypatch.setattr(many_runs, "BATCH", 3)


@pytest.fixture
def other(ada: User) -> Experiment:
    return make_experiment(ada, "other one")


@pytest.fixture
def client(ada: User, signed_in: SignedIn) -> Client:
    return signed_in(ada)


@pytest.fixture
def family(experiment: Experiment, ada: User) -> list[Run]:
    """A run and four that are nested in it; the losses are 0 to 4."""
    parent = make_run(experiment, ada, name="parent")
    tags = [Tag(key="mlflow.parentRunId", value=parent.uuid)]
    made = [parent, *(make_run(experiment, ada, name=f"child-{number}", tags=tags) for number in range(4))]
    for number, run in enumerate(made):
        log(ada, run, metrics=[point("loss", number)])
    return made


def send(client: Client, experiment: Experiment, to: Experiment | str, **sent: Any) -> Any:
    """The answer, or where it leads."""
    target = str(to.pk) if isinstance(to, Experiment) else to
    answer = client.post(reverse("runs-move", args=[experiment.pk]), {"to": target, **sent})
    return client.get(answer["Location"]) if answer.status_code == 303 else answer


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def held(experiment: Experiment) -> set[str]:
    return set(Run.objects.filter(experiment=experiment).values_list("name", flat=True))


def grant(user: User, experiment: Experiment, level: Level) -> None:
    EXPERIMENT_GRANTS.set(target=experiment, holder=user, level=level, by=system("tests"))


def choices(client: Client, experiment: Experiment, words: str = "") -> list[Experiment]:
    answer = client.get(reverse("runs-targets", args=[experiment.pk]), {"words": words})
    assert answer.status_code == 200
    found: list[Experiment] = answer.context["targets"]
    return found


def test_the_chosen_go_with_what_is_nested_in_them_and_all_are_counted(
    client: Client, experiment: Experiment, other: Experiment, family: list[Run], ada: User
) -> None:
    stays = make_run(experiment, ada, name="stays")
    answer = send(client, experiment, other, run=[family[2].uuid, family[0].uuid], state="sort=metrics.loss")
    assert answer.wsgi_request.get_full_path() == f"{reverse('experiment', args=[experiment.pk])}?sort=metrics.loss"
    assert said(answer) == ["5 runs moved."]
    assert held(experiment) == {stays.name}
    assert len(held(other)) == 5


@pytest.mark.parametrize("level", list(Level))
def test_who_may(
    people: dict[str, User],
    experiment: Experiment,
    other: Experiment,
    family: list[Run],
    *,
    signed_in: SignedIn,
    level: Level,
) -> None:
    """Whoever may edit both. Who may not see where to is told what is told of one that is not there."""
    allowed = {}
    for name, user in people.items():
        if not user.is_superuser:
            grant(user, other, level)
        answer = send(signed_in(user), experiment, other, run=[family[1].uuid])
        allowed[name] = answer.status_code
        if answer.status_code == 404 and name == "editor":
            hidden, absent = (send(signed_in(user), experiment, to).context["refusal"] for to in (other, "987654321"))
            assert absent.replace("987654321", str(other.pk)) == hidden
        assert (held(other) != set()) == (answer.status_code == 200)
        Run.objects.filter(experiment=other).update(experiment=experiment, located_in=None)
    there = 200 if level >= Level.EDIT else 403 if level >= Level.READ else 404
    assert allowed == {"administrator": 200, "manager": there, "editor": there, "reader": 403, "outsider": 404}


def test_the_runs_of_another_experiment_are_asked_for_themselves(
    client: Client, experiment: Experiment, other: Experiment, ada: User, root: User
) -> None:
    hidden = make_run(make_experiment(root, "hidden"), root)
    grant(ada, hidden.experiment, Level.READ)
    answer = send(client, experiment, other, run=[hidden.uuid])
    assert "needs EDIT" in said(answer)[0]
    assert held(other) == set()


def test_where_to_has_to_be_said_and_to_be_active(
    client: Client, experiment: Experiment, other: Experiment, family: list[Run], ada: User
) -> None:
    run = [family[0].uuid]
    assert said(send(client, experiment, "", run=run)) == ["Choose the experiment to move the runs to."]
    assert send(client, experiment, "x", run=run).status_code == 400
    delete(ada, family[1])
    assert "must be in the 'active' state" in said(send(client, experiment, other, run=[family[1].uuid]))[0]
    delete_experiment(ada, other)
    assert send(client, experiment, other, run=run).status_code == 400
    assert held(other) == set()


def test_one_may_choose_what_one_may_edit_by_a_part_of_its_name(
    client: Client, experiment: Experiment, other: Experiment, ada: User, root: User
) -> None:
    for name, level in (("hidden", Level.NO_PERMISSIONS), ("read", Level.READ), ("edited", Level.EDIT)):
        grant(ada, made := make_experiment(root, name), level)
        assert made.pk
    grant(ada, Experiment.objects.get(pk=0), Level.READ)
    delete_experiment(ada, make_experiment(ada, "deleted"))
    make_run(other, ada)
    edited = Experiment.objects.get(name="edited")
    assert set(choices(client, experiment)) == {other, edited}
    assert choices(client, experiment, "HER on") == [other]
    assert choices(client, experiment, "first") == choices(client, experiment, "\0'%") == []


def test_of_many_the_first_are_offered_and_the_rest_found_by_name(
    client: Client, experiment: Experiment, other: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_actions, "MOST_TARGETS", 1)
    make_experiment(User.objects.get(username="ada"), "<script>")
    text = client.get(reverse("runs-targets", args=[experiment.pk])).content.decode()
    assert "There are more" in text
    assert "<script>" not in text
    assert (
        "There are more"
        not in client.get(reverse("runs-targets", args=[experiment.pk]), {"words": "er o"}).content.decode()
    )


def test_who_sees_the_choice(people: dict[str, User], experiment: Experiment, signed_in: SignedIn) -> None:
    seen, offered = {}, {}
    for name, user in people.items():
        seen[name] = signed_in(user).get(reverse("runs-targets", args=[experiment.pk])).status_code
        page = signed_in(user).get(reverse("experiment", args=[experiment.pk])).content.decode()
        offered[name] = "Move to…" in page
    assert seen == {"administrator": 200, "manager": 200, "editor": 200, "reader": 403, "outsider": 404}
    assert [name for name, is_offered in offered.items() if is_offered] == []
    make_run(experiment, people["manager"])
    pages = {name: signed_in(user).get(reverse("experiment", args=[experiment.pk])) for name, user in people.items()}
    assert [name for name, page in pages.items() if "Move to…" in page.content.decode()] == [
        "administrator",
        "manager",
        "editor",
    ]


def ask(client: Client, experiment: Experiment, to: Experiment, state: str = "") -> Job:
    """Have all that match moved, in the background, as whoever has read how many they are."""
    sent = {"to": to.pk, "matching": "1", "newest": Run.objects.latest("pk").pk, "state": state}
    answer = client.post(reverse("runs-move", args=[experiment.pk]), sent)
    assert answer.status_code == 303
    return Job.objects.latest("id")


def run(job: Job) -> Job:
    running.run(job.pk)
    job.refresh_from_db()
    return job


def test_all_that_match_are_moved_by_a_job_which_counts_what_went_along(
    client: Client, experiment: Experiment, other: Experiment, family: list[Run], ada: User
) -> None:
    for number in range(5):
        log(ada, make_run(experiment, ada, name=f"more-{number}"), metrics=[point("loss", 9)])
    job = run(ask(client, experiment, other, "filter=metrics.loss+%3C+1"))
    table = reverse("experiment", args=[experiment.pk])
    assert job.result == {"moved": 5, "refused": 0, "why": []}
    assert job.payload["address"] == f"{table}?filter=metrics.loss+%3C+1"
    assert (job.kind, job.done, job.total, job.state) == ("tracking.move_runs", 5, 5, State.SUCCEEDED)
    assert run(ask(client, experiment, other)).result == {"moved": 5, "refused": 0, "why": []}
    assert (len(held(experiment)), len(held(other))) == (0, 10)


def test_a_job_that_was_broken_off_goes_on(
    client: Client, experiment: Experiment, other: Experiment, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        make_run(experiment, ada, name=f"run-{number}")
    job = ask(client, experiment, other)
    progress = running.RunningJob.progress

    def killed(self: running.RunningJob, done: int, total: int | None = None, message: str = "") -> None:
        progress(self, done, total, message)
        if done == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(running.RunningJob, "progress", killed)
    with pytest.raises(KeyboardInterrupt):
        running.run(job.pk)
    monkeypatch.setattr(running.RunningJob, "progress", progress)
    assert len(held(other)) == 5
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED)
    assert run(job).result
    assert (job.result["moved"], job.done, job.total) == (8, 8, 8)
    assert len(held(other)) == 8


def test_it_stops_when_the_level_on_where_to_is_lost(
    client: Client, experiment: Experiment, other: Experiment, family: list[Run], ada: User
) -> None:
    job = ask(client, experiment, other)
    grant(ada, other, Level.READ)
    assert run(job).result
    assert (job.result["moved"], job.result["refused"]) == (0, 5)
    assert job.result["why"] == [f"Permission denied: this needs EDIT on experiment {other.pk}."]
    assert Run.objects.filter(experiment=experiment, lifecycle_stage=Lifecycle.ACTIVE).count() == 5


def test_a_child_that_went_alone_is_seen_in_both_tables(
    client: Client, experiment: Experiment, other: Experiment, family: list[Run]
) -> None:
    send(client, experiment, other, run=[family[1].uuid])
    for table, there in ((experiment, "parent"), (other, "child-0")):
        page = client.get(reverse("experiment", args=[table.pk]), {"flat": "1"})
        assert there in [row.name for row in page.context["rows"]]
    assert client.get(reverse("experiment", args=[other.pk])).context["orphans"]
