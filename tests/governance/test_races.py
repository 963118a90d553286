"""Everybody at once: each request is applied once or not at all, and nobody votes twice, whoever is faster."""

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.governance.choices import Decision, State
from apps.governance.models import ChangeRequest, Vote
from apps.governance.services import voting
from apps.registry.choices import ContentState
from apps.registry.models import Alias, ModelVersion, RegisteredModel
from apps.registry.services import cards, versions
from apps.tracking.queries import keys
from mlregistry.errors import RegistryError
from tests.governance.making import approve, ask, make_policy, make_team
from tests.governance.racing import Crowd, crowd
from tests.registry.making import make_registered, make_version, set_content

VOTERS = 20
AT_ONCE = 5
"""Votes of one person: each of them is looked at whole, so more of them take longer and show no more."""
NEEDED = 3
FEW = 8
MANY = {"sqlite": 200, "postgresql": 1_000}
"""Unless RACE_ROUNDS says otherwise: the thousand take long."""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("races")]


@pytest.fixture(params=[pytest.param("few"), pytest.param("many", marks=pytest.mark.slow)])
def rounds(request: pytest.FixtureRequest) -> int:
    return FEW if request.param == "few" else int(os.environ.get("RACE_ROUNDS", MANY[connection.vendor]))


@pytest.fixture
def people() -> Iterator[Crowd]:
    keys.forget()
    with crowd(VOTERS) as made:
        yield made


@pytest.fixture
def world() -> dict[str, Any]:
    """Ada with a model; twenty reviewers in Risk, of whom three have to agree to Production, and one to champion."""
    root, ada = User.objects.create_superuser("root"), User.objects.create_user("ada", is_staff=True)
    reviewers = [User.objects.create_user(f"reviewer-{number}", is_staff=True) for number in range(VOTERS)]
    make_team("Risk", *reviewers, by=root)
    make_policy(root, "production", protects={"stage": ["Production"]}, slots={"Risk": NEEDED})
    make_policy(root, "champion", protects={"alias": ["champion"]}, slots={"Risk": 1})
    return {"root": root, "ada": ada, "reviewers": reviewers, "model": make_registered(ada, "raced")}


def next_version(ada: User, model: RegisteredModel) -> ModelVersion:
    made = make_version(ada, model)
    set_content(made, state=ContentState.UNREADABLE)
    return made


def cast(request: ChangeRequest, voter: User) -> bool:
    """The row of a vote, written directly; whether the database takes it."""
    try:
        Vote.objects.create(
            request=request,
            decision=Decision.APPROVE,
            voter=voter.username,
            voter_id=voter.pk,
            teams=["Risk"],
            team_ids=list(voter.groups.values_list("pk", flat=True)),
            evidence_digest=request.evidence_digest,
            cast_at=timezone.now(),
        )
    except IntegrityError:
        return False
    return True


def entries(action: str, request: ChangeRequest) -> int:
    return Entry.objects.filter(
        action=action, target_id=str(request.pk), target_type="governance.changerequest"
    ).count()


def moves(version: ModelVersion) -> int:
    return Entry.objects.filter(action="registry.version.set_stage", target_id=str(version.pk)).count()


def test_twenty_reviewers_at_once(rounds: int, people: Crowd, world: dict[str, Any]) -> None:
    for _ in range(rounds):
        version = next_version(world["ada"], world["model"])
        request = ask(world["ada"], version)
        people.at_once([partial(approve, request, reviewer) for reviewer in world["reviewers"]])
        request.refresh_from_db()
        version.refresh_from_db()
        assert (request.state, version.current_stage) == (State.APPLIED, "Production")
        assert request.votes.count() == NEEDED
        assert (entries("governance.request.apply", request), moves(version)) == (1, 1)


def test_one_reviewer_several_times_at_once(rounds: int, people: Crowd, world: dict[str, Any]) -> None:
    reviewer = world["reviewers"][0]
    for _ in range(rounds):
        request = ask(world["ada"], next_version(world["ada"], world["model"]))
        said = people.at_once([partial(approve, request, reviewer)] * AT_ONCE)
        assert sum(not isinstance(answer, RegistryError) for answer in said) == 1
        assert request.votes.count() == 1


def test_the_last_vote_against_a_withdrawal(rounds: int, people: Crowd, world: dict[str, Any]) -> None:
    ada, (first, second, *others) = world["ada"], world["reviewers"]
    outcomes = set()
    for _ in range(rounds):
        version = next_version(ada, world["model"])
        request = ask(ada, version)
        assert all(cast(request, voter) for voter in (first, second))
        withdraw = partial(voting.cancel, request=request, user=ada, by=ada.actor())
        people.at_once([*(partial(approve, request, other) for other in others[:3]), withdraw])
        request.refresh_from_db()
        version.refresh_from_db()
        outcomes.add((request.state, version.current_stage))
        assert entries("governance.request.apply", request) + entries("governance.request.cancel", request) == 1
    assert outcomes <= {(State.APPLIED, "Production"), (State.CANCELLED, "None")}


def test_the_last_vote_against_a_new_model_card(rounds: int, people: Crowd, world: dict[str, Any]) -> None:
    ada, (first, second, third, *_) = world["ada"], world["reviewers"]
    for _ in range(rounds):
        version = next_version(ada, world["model"])
        request = ask(ada, version)
        assert all(cast(request, voter) for voter in (first, second))
        write = partial(cards.write_card, version=version, sections={"limits": "none"}, by=ada.actor())
        people.at_once([partial(approve, request, third), write])
        request.refresh_from_db()
        version.refresh_from_db()
        written = Entry.objects.filter(action="registry.card.write", target_id=str(version.pk)).latest("sequence")
        if request.state == State.APPLIED:
            applied = Entry.objects.get(action="governance.request.apply", target_id=str(request.pk))
            assert applied.sequence < written.sequence, "what was applied is not what was approved"
        else:
            assert (request.state, version.current_stage) == (State.STALE, "None")


def test_two_requests_for_one_alias(rounds: int, people: Crowd, world: dict[str, Any]) -> None:
    ada, (first, second, *_) = world["ada"], world["reviewers"]
    for _ in range(rounds):
        asked = []
        for _ in range(2):
            version = next_version(ada, world["model"])
            with pytest.raises(RegistryError):
                versions.set_alias(version=version, alias="champion", by=ada.actor())
            asked.append(ChangeRequest.objects.get(subject_id=version.pk))
        people.at_once([partial(approve, asked[0], first), partial(approve, asked[1], second)])
        for request in asked:
            request.refresh_from_db()
            assert (request.state, entries("governance.request.apply", request)) == (State.APPLIED, 1)
        last = Entry.objects.filter(action="registry.alias.set").latest("sequence")
        assert str(Alias.objects.get(name="champion").version_id) == last.target_id


def test_the_database_alone_holds_one_vote_each(rounds: int, people: Crowd, world: dict[str, Any]) -> None:
    """With the Python checks off: rows written directly, by the same person and by those who must not."""
    ada, reviewer = world["ada"], world["reviewers"][0]
    for _ in range(rounds):
        request = ask(ada, next_version(ada, world["model"]))
        done = people.at_once([*[partial(cast, request, reviewer)] * 10, *[partial(cast, request, ada)] * 10])
        assert (sum(done), request.votes.count()) == (1, 1)
