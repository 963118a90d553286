"""Who can see an object and why: the explanation says of everybody what the rule of access says."""

from itertools import product

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.explaining import Reason, explained
from apps.accounts.models import Team, User
from apps.accounts.services import teams
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS as GRANTS
from mlregistry.actor import Actor
from mlregistry.levels import Level
from tests.tracking.making import make_experiment

SOME = (None, Level.NO_PERMISSIONS, Level.READ, Level.MANAGE)
"""What may be granted: enough to be above and below each other, and nothing."""


@pytest.fixture
def experiment(admin: User) -> Experiment:
    return make_experiment(admin, "churn")


@pytest.fixture
def second(by: Actor) -> Team:
    return teams.create(name="Fraud", by=by)


def _grant(experiment: Experiment, holder: User | Group, level: Level | None, by: Actor) -> None:
    if level is not None:
        GRANTS.set(target=experiment, holder=holder, level=level, by=by)


@pytest.mark.parametrize("default", list(Level), ids=lambda level: level.name)
def test_explanation_and_level_agree_about_everybody_in_every_small_world(
    *, experiment: Experiment, team: Team, second: Team, by: Actor, default: Level, settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = default  # type: ignore[attr-defined]
    _grant(experiment, team, Level.EDIT, by)
    _grant(experiment, second, Level.NO_PERMISSIONS, by)
    worlds = product(SOME, (False, True), (False, True), (False, True))
    for number, (direct, in_team, in_second, is_admin) in enumerate(worlds):
        user = User.objects.create(username=f"user{number}", is_superuser=is_admin, is_staff=True)
        _grant(experiment, user, direct, by)
        user.groups.set([held for held, is_in in ((team, in_team), (second, in_second)) if is_in])
    found = explained(GRANTS, experiment)
    assert {one.user.pk for one in found} == set(User.objects.values_list("pk", flat=True))
    for one in found:
        assert one.level == GRANTS.level(experiment, one.user), one
    assert {one.reason for one in found} == set(Reason)


def test_the_reason_is_said_in_words(
    *, experiment: Experiment, team: Team, second: Team, admin: User, ada: User, bob: User, robot: User, by: Actor
) -> None:
    _grant(experiment, team, Level.EDIT, by)
    _grant(experiment, second, Level.MANAGE, by)
    _grant(experiment, bob, Level.NO_PERMISSIONS, by)
    ada.groups.set([team, second])
    bob.groups.set([team])
    said = {one.user.username: (one.words, one.overruled) for one in explained(GRANTS, experiment)}
    assert said == {
        "root": ("administrator", ""),
        "ada": ("team Fraud: MANAGE, team Risk: EDIT", ""),
        "robot": ("default READ", ""),
        "bob": ("granted NO_PERMISSIONS directly", "team Risk: EDIT"),
    }
    assert next(iter(explained(GRANTS, experiment))).level == Level.MANAGE


def test_it_takes_the_same_number_of_queries_however_many_people_there_are(
    experiment: Experiment, team: Team, ada: User, by: Actor
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            explained(GRANTS, experiment)
        return len(captured)

    _grant(experiment, team, Level.EDIT, by)
    few = queries()
    for number in range(20):
        user = User.objects.create(username=f"more{number}")
        user.groups.add(team)
        _grant(experiment, user, Level.READ, by)
    assert queries() == few == 4
