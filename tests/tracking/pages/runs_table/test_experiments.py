"""The list of experiments, and making, changing, deleting and restoring one from the pages."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.tracking.models import Experiment, ExperimentTag
from apps.tracking.pages import experiments as pages
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries import experiment_list
from apps.tracking.services.experiments import set_experiment_tag
from mlregistry.levels import Level
from tests.security.statements import counted
from tests.tracking.making import delete_experiment, make_experiment, make_run
from tests.tracking.pages.runs_table.conftest import SignedIn

CANARY = "<script>window.fired = 1</script>"


def listed(client: object, **query: str) -> list[str]:
    rows = client.get(reverse("experiments"), query).context["rows"]  # type: ignore[attr-defined]
    return [experiment.name for experiment, _ in rows]


def test_everyone_sees_the_experiments_that_they_may_read(people: dict[str, User], signed_in: SignedIn) -> None:
    seen = {name: "first" in listed(signed_in(user)) for name, user in people.items()}
    assert seen == {name: name != "outsider" for name in people}


def test_the_latest_activity_comes_first_and_other_orders_can_be_asked_for(ada: User, signed_in: SignedIn) -> None:
    for name in ("b", "a", "c"):
        make_experiment(ada, name)
    run = make_run(Experiment.objects.get(name="a"), ada)
    type(run).objects.filter(pk=run.pk).update(start_time=2**50)
    client = signed_in(ada)
    assert listed(client)[:3] == ["a", "c", "b"]
    assert listed(client, sort="name")[1:4] == ["a", "b", "c"]
    assert listed(client, sort="created")[:3] == ["c", "a", "b"]
    assert listed(client, sort="lifecycle_stage; drop table")[:3] == ["a", "c", "b"]


def test_names_are_found_by_a_part_of_them(ada: User, signed_in: SignedIn) -> None:
    for name in ("fraud detection", "churn", "100% sure"):
        make_experiment(ada, name)
    client = signed_in(ada)
    assert listed(client, q="DETECT") == ["fraud detection"]
    assert listed(client, q="0%") == ["100% sure"]
    assert listed(client, q="no\0ne") == []


def test_pages_follow_each_other(ada: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    for number in range(5):
        make_experiment(ada, f"experiment {number}")
    client, seen, token = signed_in(ada), [], ""
    while True:
        answer = client.get(reverse("experiments"), {"q": "experiment", "page": token})
        seen += [experiment.name for experiment, _ in answer.context["rows"]]
        token = answer.context["next_page"]
        if not token:
            break
    assert sorted(seen) == [f"experiment {number}" for number in range(5)]
    assert client.get(reverse("experiments"), {"page": "forged"}).status_code == 400


def test_runs_are_counted_up_to_a_limit(
    ada: User, experiment: Experiment, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment_list, "MOST_COUNTED", 3)
    for _ in range(3):
        make_run(experiment, ada)
    assert ">3<" in signed_in(ada).get(reverse("experiments")).content.decode()
    make_run(experiment, ada)
    assert ">3+<" in signed_in(ada).get(reverse("experiments")).content.decode()


def test_the_list_takes_as_many_statements_however_long_it_is(ada: User, signed_in: SignedIn) -> None:
    make_experiment(ada, "one")
    client = signed_in(ada)
    client.get(reverse("experiments"))
    with counted() as few:
        client.get(reverse("experiments"))
    for number in range(20):
        make_run(make_experiment(ada, f"another {number}"), ada)
    with counted() as many:
        client.get(reverse("experiments"))
    assert len(many) == len(few) <= 8


def test_whoever_is_signed_in_makes_an_experiment_and_manages_it(ada: User, signed_in: SignedIn) -> None:
    answer = signed_in(ada).post(reverse("experiment-new"), {"name": "new", "description": CANARY})
    made = Experiment.objects.get(name="new")
    assert answer.status_code == 303
    assert answer["Location"] == reverse("experiment", args=[made.pk])
    assert EXPERIMENT_GRANTS.level(made, ada) == Level.MANAGE
    shown = signed_in(ada).get(reverse("experiments")).content.decode()
    assert CANARY not in shown
    assert "&lt;script&gt;window.fired" in shown


def test_a_taken_name_is_said_beside_the_field(ada: User, experiment: Experiment, signed_in: SignedIn) -> None:
    answer = signed_in(ada).post(reverse("experiment-new"), {"name": "first"})
    assert answer.status_code == 400
    assert "already exists" in answer.content.decode()


@pytest.mark.parametrize("name", ["", "\0", "x" * 501])
def test_names_that_cannot_be_are_refused(ada: User, signed_in: SignedIn, name: str) -> None:
    assert signed_in(ada).post(reverse("experiment-new"), {"name": name}).status_code == 400
    assert Experiment.objects.count() == 1


def test_who_may_change_what(people: dict[str, User], experiment: Experiment, signed_in: SignedIn) -> None:
    edits, deletions = {}, {}
    for name, user in people.items():
        client = signed_in(user)
        edits[name] = client.post(
            reverse("experiment-edit", args=[experiment.pk]), {"name": f"by {name}", "description": ""}
        ).status_code
        deletions[name] = client.post(reverse("experiment-delete", args=[experiment.pk])).status_code
        if deletions[name] == 303:
            assert client.post(reverse("experiment-restore", args=[experiment.pk])).status_code == 303
    assert edits == {"administrator": 303, "manager": 303, "editor": 303, "reader": 403, "outsider": 404}
    assert deletions == {"administrator": 303, "manager": 303, "editor": 403, "reader": 403, "outsider": 404}
    assert Entry.objects.filter(action="tracking.experiment.rename").count() == 3


def test_a_description_is_kept_where_mlflow_keeps_it(ada: User, experiment: Experiment, signed_in: SignedIn) -> None:
    set_experiment_tag(experiment=experiment, key="mlflow.note.content", value="old")
    client = signed_in(ada)
    assert "old" in client.get(reverse("experiment-edit", args=[experiment.pk])).content.decode()
    client.post(reverse("experiment-edit", args=[experiment.pk]), {"name": "first", "description": "new"})
    assert ExperimentTag.objects.get(experiment=experiment, key="mlflow.note.content").value == "new"


def test_what_is_deleted_is_listed_apart(ada: User, experiment: Experiment, signed_in: SignedIn) -> None:
    delete_experiment(ada, experiment)
    assert "first" not in listed(signed_in(ada))
    assert listed(signed_in(ada), view="deleted") == ["first"]
    shown = signed_in(ada).get(reverse("experiment", args=[experiment.pk])).content.decode()
    assert reverse("experiment-restore", args=[experiment.pk]) in shown
    assert reverse("experiment-edit", args=[experiment.pk]) not in shown


def test_changes_are_posted_and_carry_a_token(ada: User, experiment: Experiment) -> None:
    from django.test import Client  # noqa: PLC0415  one that checks, unlike the others of this file

    client = Client(enforce_csrf_checks=True)
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("experiment-delete", args=[experiment.pk])
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 403


def test_the_first_steps_are_shown_where_there_is_nothing(ada: User, signed_in: SignedIn) -> None:
    Experiment.objects.all().delete()
    shown = signed_in(ada).get(reverse("experiments")).content.decode()
    assert "MLFLOW_TRACKING_URI=http://testserver" in shown
    assert reverse("account") in shown
