"""Who can see this and why: seen, and changed, by those who manage the object."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Team, User
from apps.audit.models import Entry
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS as GRANTS
from mlregistry.actor import Actor
from mlregistry.levels import Level
from tests.accounts.pages.conftest import HOSTILE
from tests.tracking.making import make_experiment


@pytest.fixture
def experiment(ada: User) -> Experiment:
    return make_experiment(ada, "churn")


@pytest.fixture
def path(experiment: Experiment) -> str:
    return f"/admin/access/experiment/{experiment.pk}/"


def test_who_manages_it_and_administrators_see_everybody_with_the_reason(
    *, ada_page: Client, root_page: Client, bob: User, team: Team, experiment: Experiment, path: str, by: Actor
) -> None:
    GRANTS.set(target=experiment, holder=team, level=Level.EDIT, by=by)
    bob.groups.add(team)
    for page in (ada_page, root_page):
        shown = page.get(path).content.decode()
        for reason in ("administrator", "granted MANAGE directly", "team Risk: EDIT"):
            assert f"<bdi>{reason}</bdi>" in shown


def test_to_others_it_is_refused_or_not_there(
    bob_page: Client, bob: User, experiment: Experiment, path: str, by: Actor
) -> None:
    assert bob_page.get(path).status_code == 403
    GRANTS.set(target=experiment, holder=bob, level=Level.EDIT, by=by)
    assert bob_page.get(path).status_code == 403
    GRANTS.set(target=experiment, holder=bob, level=Level.NO_PERMISSIONS, by=by)
    hidden = bob_page.get(path)
    absent = bob_page.get(f"/admin/access/experiment/{experiment.pk + 1000}/")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.context["refusal"] == absent.context["refusal"]
    for verb in ("give", "take"):
        assert bob_page.post(f"{path}{verb}/", {"holder": "bob", "level": "MANAGE"}).status_code == 404
    assert GRANTS.held(experiment, bob) == Level.NO_PERMISSIONS


@pytest.mark.parametrize(
    "path", ["/admin/access/run/1/", "/admin/access/registeredmodel/1/", f"/admin/access/model/{10**30}/"]
)
def test_other_kinds_and_keys_are_no_pages(root_page: Client, path: str) -> None:
    assert root_page.get(path).status_code == 404


def test_what_can_somebody_do_is_answered_by_name_and_level(
    ada_page: Client, bob: User, robot: User, path: str
) -> None:
    only = ada_page.get(path, {"q": "BO"}).context["people"]
    assert {one.user.username for one in only} == {"bob", "robot"}
    managing = ada_page.get(path, {"level": "MANAGE"}).context["people"]
    assert {one.user.username for one in managing} == {"root", "ada"}
    assert ada_page.get(path, {"page": "x", "level": "made up", "q": "no\0body"}).status_code == 200


def test_levels_are_given_and_taken_back_on_record(
    *, ada_page: Client, ada: User, bob: User, team: Team, experiment: Experiment, path: str
) -> None:
    assert ada_page.post(f"{path}give/", {"holder": " bob ", "level": "EDIT"}).status_code == 303
    assert ada_page.post(f"{path}give/", {"holder": "Risk", "is_team": "1", "level": "READ"}).status_code == 303
    assert (GRANTS.held(experiment, bob), GRANTS.held(experiment, team)) == (Level.EDIT, Level.READ)
    assert ada_page.post(f"{path}take/", {"holder": "bob"}).status_code == 303
    assert GRANTS.held(experiment, bob) is None
    assert ada_page.post(f"{path}take/", {"holder": "bob"}).status_code == 404
    assert ada_page.post(f"{path}give/", {"holder": "nobody", "level": "READ"}).status_code == 404
    assert ada_page.post(f"{path}give/", {"holder": "bob", "level": "ROOT"}).status_code == 400
    recorded = Entry.objects.filter(action__startswith="accounts.grant", username="ada").order_by("sequence")
    assert [entry.action.rsplit(".")[-1] for entry in recorded][-3:] == ["create", "create", "remove"]


def test_the_page_takes_as_many_queries_however_many_people_there_are(
    ada_page: Client, team: Team, experiment: Experiment, path: str, by: Actor
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ada_page.get(path).status_code == 200
        return len(captured)

    GRANTS.set(target=experiment, holder=team, level=Level.EDIT, by=by)
    few = queries()
    for number in range(40):
        user = User.objects.create(username=f"more{number:02}")
        user.groups.add(team)
        GRANTS.set(target=experiment, holder=user, level=Level.READ, by=by)
    assert queries() == few


def test_scripts_in_names_are_words(ada_page: Client, ada: User) -> None:
    experiment = make_experiment(ada, HOSTILE)
    shown = ada_page.get(f"/admin/access/experiment/{experiment.pk}/").content.decode()
    assert "<script>window" not in shown
