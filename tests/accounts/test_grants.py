"""Levels on objects: who holds what, in SQL and in words, and that the four ways of asking agree."""

import itertools
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm
from model_bakery import baker

from apps.accounts.grants import ObjectGrants, level_named
from apps.accounts.models import Team, User
from apps.accounts.services import people, teams
from apps.audit.models import Entry
from apps.tracking.models import Experiment, ExperimentTag
from apps.tracking.permissions import EXPERIMENT_GRANTS as GRANTS
from mlregistry.actor import Actor
from mlregistry.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Level


@pytest.fixture
def experiment(db: None) -> Experiment:
    return make("subject")


def make(name: str) -> Experiment:
    return baker.make(Experiment, name=name)


def level_by_sql(experiment: Experiment, user: User) -> Level:
    """As hand-written statements ask."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {GRANTS.level_sql('e.id')} FROM tracking_experiment e WHERE e.id = %(id)s",
            {"user": user.pk, "id": experiment.pk},
        )
        return Level(cursor.fetchone()[0])


def answers(experiment: Experiment, user: User) -> set[Level]:
    """The level by every way of asking."""
    here = Experiment.objects.filter(pk=experiment.pk)
    reached = [level for level in Level if GRANTS.filter(here, user, at_least=level).exists()]
    return {
        GRANTS.level(experiment, user),
        Level(GRANTS.annotate(here, user).get().level),  # type: ignore[attr-defined]  # annotated
        level_by_sql(experiment, user),
        max(reached, default=Level.NO_PERMISSIONS),
    }


HELD = [None, *Level]


@pytest.mark.parametrize("default", list(Level))
def test_own_grant_then_the_highest_of_the_teams_then_the_default(
    ada: User, by: Actor, settings: Any, default: Level
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = default
    one, two = (teams.create(name=name, by=by) for name in ("One", "Two"))
    outsiders = teams.create(name="Outsiders", by=by)
    for team in (one, two):
        teams.add_member(team=team, user=ada, by=by)
    for own, first, second in itertools.product(HELD, (None, Level.NO_PERMISSIONS, Level.USE), (None, Level.EDIT)):
        experiment = make(f"{own} {first} {second}")
        for holder, level in ((ada, own), (one, first), (two, second), (outsiders, Level.MANAGE)):
            if level is not None:
                GRANTS.set(target=experiment, holder=holder, level=level, by=by)
        of_teams = [level for level in (first, second) if level is not None]
        expected = own if own is not None else max(of_teams, default=default)
        assert answers(experiment, ada) == {expected}, (own, first, second)


def test_an_administrator_holds_everything(experiment: Experiment, admin: User, by: Actor) -> None:
    GRANTS.set(target=experiment, holder=admin, level=Level.NO_PERMISSIONS, by=by)
    assert answers(experiment, admin) == {Level.MANAGE}


def test_rows_below_an_object_are_filtered_by_it(experiment: Experiment, ada: User, by: Actor) -> None:
    hidden = make("hidden")
    GRANTS.set(target=hidden, holder=ada, level=Level.NO_PERMISSIONS, by=by)
    for parent in (experiment, hidden):
        ExperimentTag.objects.create(experiment=parent, key="k", value="v")
    seen = GRANTS.filter(ExperimentTag.objects.all(), ada, via="experiment")
    assert [tag.experiment_id for tag in seen] == [experiment.pk]
    levels = GRANTS.annotate(ExperimentTag.objects.order_by("pk"), ada, via="experiment", name="held")
    assert [tag.held for tag in levels] == [Level.READ, Level.NO_PERMISSIONS]  # type: ignore[attr-defined]


def test_asking_for_a_level_costs_one_query(experiment: Experiment, ada: User, admin: User) -> None:
    for user, most in ((ada, 1), (admin, 0)):
        with CaptureQueriesContext(connection) as asked:
            GRANTS.level(experiment, user)
        assert len(asked) == most


def test_demand_tells_hidden_from_forbidden(experiment: Experiment, ada: User, by: Actor) -> None:
    found = Experiment.objects.filter(pk=experiment.pk)

    def demand(at_least: Level) -> Experiment:
        return GRANTS.demand(found, ada, at_least=at_least, absent="gone", subject="it")

    assert demand(Level.READ) == experiment
    with pytest.raises(PermissionDenied, match="EDIT on it"):
        demand(Level.EDIT)
    GRANTS.set(target=experiment, holder=ada, level=Level.NO_PERMISSIONS, by=by)
    with pytest.raises(NotFound, match="gone"):
        demand(Level.READ)


def test_a_holder_has_one_level_whatever_is_done(experiment: Experiment, ada: User, team: Team, by: Actor) -> None:
    for holder in (ada, team):
        GRANTS.set(target=experiment, holder=holder, level=Level.READ, by=by)
        with pytest.raises(AlreadyExists):
            GRANTS.create(target=experiment, holder=holder, level=Level.EDIT, by=by)
        GRANTS.set(target=experiment, holder=holder, level=Level.EDIT, by=by)
        assert GRANTS.held(experiment, holder) is Level.EDIT
        with pytest.raises(IntegrityError), transaction.atomic():
            assign_perm("read_experiment", holder, experiment)
    assert [(str(holder), level) for holder, level in GRANTS.on(experiment)] == [
        ("ada", Level.EDIT),
        ("Risk", Level.EDIT),
    ]


def test_update_and_remove_need_a_grant(experiment: Experiment, ada: User, team: Team, by: Actor) -> None:
    for holder, words in ((ada, "username=ada"), (team, "team=Risk")):
        said = f"Experiment permission with experiment_id={experiment.pk} and {words} not found"
        for write in (
            lambda holder=holder: GRANTS.update(target=experiment, holder=holder, level=Level.READ, by=by),
            lambda holder=holder: GRANTS.remove(target=experiment, holder=holder, by=by),
            lambda holder=holder: GRANTS.get(experiment, holder),
        ):
            with pytest.raises(NotFound, match=said):
                write()


def test_every_change_of_a_grant_is_on_record(experiment: Experiment, ada: User, team: Team, by: Actor) -> None:
    GRANTS.create(target=experiment, holder=ada, level=Level.READ, by=by)
    GRANTS.update(target=experiment, holder=ada, level=Level.MANAGE, by=by)
    GRANTS.remove(target=experiment, holder=ada, by=by)
    GRANTS.set(target=experiment, holder=team, level=Level.USE, by=by)
    recorded = Entry.objects.filter(action__startswith="accounts.grant").order_by("sequence")
    assert [(entry.action, entry.target_name, entry.details) for entry in recorded] == [
        ("accounts.grant.create", "subject", {"holder": "user:ada", "level": "READ"}),
        ("accounts.grant.update", "subject", {"holder": "user:ada", "level": "MANAGE", "before": "READ"}),
        ("accounts.grant.remove", "subject", {"holder": "user:ada"}),
        ("accounts.grant.create", "subject", {"holder": "team:Risk", "level": "USE"}),
    ]


def test_grants_go_with_their_holder_and_their_object(experiment: Experiment, ada: User, team: Team, by: Actor) -> None:
    for holder in (ada, team):
        GRANTS.set(target=experiment, holder=holder, level=Level.READ, by=by)
    people.delete(user=ada, by=by)
    teams.delete(team=team, by=by)
    assert GRANTS.on(experiment) == []


def test_leaving_a_team_takes_its_levels_away_at_once(experiment: Experiment, ada: User, team: Team, by: Actor) -> None:
    GRANTS.set(target=experiment, holder=team, level=Level.EDIT, by=by)
    assert GRANTS.level(experiment, ada) is Level.READ
    teams.add_member(team=team, user=ada, by=by)
    assert GRANTS.level(experiment, ada) is Level.EDIT
    teams.remove_member(team=team, user=ada, by=by)
    assert GRANTS.level(experiment, ada) is Level.READ


def test_tables_without_the_constraint_are_refused() -> None:
    class Loose:
        class _meta:  # noqa: N801  # as Django has it
            constraints: list[Any] = []

    with pytest.raises(TypeError, match="one level per holder"):
        ObjectGrants(Loose, Loose)  # type: ignore[arg-type]


def test_levels_have_the_names_of_the_wire() -> None:
    assert level_named("NO_PERMISSIONS") is Level.NO_PERMISSIONS
    for wrong in ("", "read", "OWNER", "__class__"):
        with pytest.raises(InvalidParameter, match="Valid permissions are"):
            level_named(wrong)
