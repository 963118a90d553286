"""Anybody does anything in any order, and the engine is never of another opinion than the rules said simply."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from apps.accounts.models import Team, User
from apps.accounts.services import teams
from apps.governance.choices import Decision
from apps.governance.models import ChangeRequest
from apps.governance.services import sweeping, voting
from apps.governance.services.break_glass import break_glass
from apps.governance.services.opening import ApprovalNeeded
from apps.registry import proposals
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion
from apps.registry.services import cards, versions
from apps.tracking.queries import keys
from mlregistry.errors import RegistryError
from mlregistry.levels import Level
from tests.governance.making import make_policy, make_team
from tests.governance.rules_model import DOCUMENTS, PRODUCTION, Request, Rules, policy_of
from tests.governance.test_exceptions import late
from tests.registry.making import give, make_registered, make_version, set_content

EXAMPLES, STEPS = 50, 25
ADMINS = ("root", "other-root")
AUTHORS = ("ada", "bob", "rita", "root")
"""Those who ask: some of them review as well."""
PEOPLE = ("ada", "bob", "rita", "rob", "ivan", "olga", *ADMINS)
PUT_BY = {
    "Risk": {"rita": "other-root", "rob": "root", "bob": "root", "root": "other-root"},
    "IT": {"ivan": "root", "rob": "other-root", "other-root": "other-root"},
    "On-call": {"olga": "root"},
}
"""Teams with who put whom into them: each reason why a place may not count is there from the beginning."""
TEAMS = ("Risk", "IT")
GLASS: dict[str, Any] = {"protects": {"stage": [PRODUCTION]}, "break_glass": ["On-call"]}
SOME = 3
"""Requests that there have been before the version may be deleted, which ends most of what can be done."""
person, admin = st.sampled_from(PEOPLE), st.sampled_from(ADMINS)
reviewer = st.sampled_from(["rita", "rob", "bob", "ivan", *ADMINS])


class Promotion(RuleBasedStateMachine):
    """A version of Ada's model, registered by Bob; the administrators make teams and the policy."""

    def __init__(self) -> None:
        super().__init__()
        self._all = transaction.atomic()
        self._all.__enter__()
        keys.forget()
        self.users = {name: User.objects.create_user(name, is_superuser=name in ADMINS) for name in PEOPLE}
        self.rules = Rules("bob", policy_of(DOCUMENTS[1], number=1, author="root"))
        for name, members in PUT_BY.items():
            team = make_team(name, by=self.users["root"])
            for member, by in members.items():
                teams.add_member(team=team, user=self.users[member], by=self.users[by].actor())
                self.rules.put_by[name, member] = by
        make_policy(self.users["root"], **GLASS, **DOCUMENTS[1])
        model = make_registered(self.users["ada"], "judged")
        for name in ("bob", "rita", "olga"):
            give(self.users[name], model, Level.EDIT)
        self._version = make_version(self.users["bob"], model)
        set_content(self._version, state=ContentState.UNREADABLE)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._all.__exit__(None, None, None)

    @property
    def version(self) -> ModelVersion:
        return ModelVersion.objects.select_related("model").get(pk=self._version.pk)

    @property
    def rows(self) -> list[ChangeRequest]:
        return list(ChangeRequest.objects.filter(action=proposals.SET_STAGE).order_by("pk"))

    def one_of(self, data: st.DataObject) -> tuple[ChangeRequest, Request]:
        newest = len(self.rules.requests) - 1
        index = data.draw(st.one_of(st.just(newest), st.integers(0, newest)))
        return self.rows[index], self.rules.requests[index]

    @rule(data=st.data())
    def somebody_does_something(self, data: st.DataObject) -> None:
        """One rule for all, so that none of them is left out of a whole run, and votes come as often as they do."""
        what = data.draw(st.sampled_from([name for name, often in self.possible().items() for _ in range(often)]))
        getattr(self, what)(data)

    def possible(self) -> dict[str, int]:
        """What can be done now, and how often it is."""
        often = {"revise_the_policy": 1, "move_among_teams": 2, "sweep": 1}
        if self.rules.requests:
            often |= {"anybody_votes": 4, "a_reviewer_agrees": 12, "withdraw": 1, "time_runs_out": 1}
        if not self.rules.is_deleted:
            often |= {"ask": 5, "write_another_card": 1, "move_elsewhere": 2}
        if not self.rules.is_deleted and self.rules.stage != PRODUCTION:
            often |= {"break_the_glass": 1} | ({"delete": 1} if len(self.rules.requests) > SOME else {})
        return often

    def anybody_votes(self, data: st.DataObject) -> None:
        self.vote(data, data.draw(person), data.draw(st.sampled_from(["approve", "reject"])))

    def a_reviewer_agrees(self, data: st.DataObject) -> None:
        self.vote(data, data.draw(reviewer), "approve")

    def ask(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(AUTHORS))
        moves = self.rules.stage == PRODUCTION
        try:
            versions.set_stage(
                version=self.version, stage=PRODUCTION, archive_existing=False, by=self.users[name].actor()
            )
        except ApprovalNeeded:
            moves = not moves
        assert moves or self.rules.stage != PRODUCTION
        self.rules.ask(name)

    def vote(self, data: st.DataObject, name: str, decision: str) -> None:
        row, request = self.one_of(data)
        try:
            voting.vote(
                request=row,
                voter=self.users[name],
                decision=Decision(decision),
                comment="because",
                by=self.users[name].actor(),
            )
        except RegistryError:
            counted = False
        else:
            counted = True
        assert counted == self.rules.vote(request, name, decision)

    def withdraw(self, data: st.DataObject) -> None:
        name = data.draw(person)
        row, request = self.one_of(data)
        may = request.state == "open" and (name == request.requester or name in ADMINS)
        try:
            voting.cancel(request=row, user=self.users[name], by=self.users[name].actor())
        except RegistryError:
            assert not may
        else:
            assert may
            self.rules.end(request, "cancelled")

    def write_another_card(self, _: st.DataObject) -> None:
        self.rules.card += 1
        cards.write_card(version=self.version, sections={"limits": str(self.rules.card)}, by=self.users["ada"].actor())

    def revise_the_policy(self, data: st.DataObject) -> None:
        document, name = data.draw(st.sampled_from(DOCUMENTS)), data.draw(admin)
        make_policy(self.users[name], **GLASS, **document)
        self.rules.revise(document, name)

    def move_among_teams(self, data: st.DataObject) -> None:
        team, name, by = data.draw(st.sampled_from(TEAMS)), data.draw(person), data.draw(admin)
        if data.draw(st.booleans()):
            teams.remove_member(team=Team.objects.get(name=team), user=self.users[name], by=self.users[by].actor())
            self.rules.put_by.pop((team, name), None)
        elif teams.add_member(team=Team.objects.get(name=team), user=self.users[name], by=self.users[by].actor()):
            self.rules.put_by[team, name] = by

    def time_runs_out(self, data: st.DataObject) -> None:
        row, request = self.one_of(data)
        if request.state == "open":
            late(row, expires_at=timezone.now() - timedelta(seconds=1))
            request.is_late = True

    def sweep(self, _: st.DataObject) -> None:
        sweeping.sweep()
        for request in list(self.rules.requests):
            self.rules.catch_up(request)

    def break_the_glass(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(["olga", "olga", "ada"]))
        proposal = proposals.set_stage(self.version, PRODUCTION, archive_existing=False)
        user = self.users[name]
        try:
            break_glass(proposal=proposal, user=user, reason="customers get wrong prices", by=user.actor())
        except RegistryError:
            assert name != "olga"
        else:
            assert name == "olga"
            self.rules.break_glass(name)

    def move_elsewhere(self, data: st.DataObject) -> None:
        stage = data.draw(st.sampled_from(["None", "Staging"]))
        versions.set_stage(version=self.version, stage=stage, archive_existing=False, by=self.users["ada"].actor())
        self.rules.stage = stage

    def delete(self, _: st.DataObject) -> None:
        versions.delete_version(version=self.version, by=self.users["ada"].actor())
        self.rules.is_deleted = True

    @invariant()
    def nobody_differs(self) -> None:
        found = [
            (
                row.kind,
                row.state,
                row.requester,
                row.taken_back_at is not None,
                dict(row.votes.values_list("voter", "decision")),
            )
            for row in self.rows
        ]
        said = [
            (
                each.kind,
                each.state,
                each.requester,
                each.is_taken_back,
                {name: vote[0] for name, vote in each.votes.items()},
            )
            for each in self.rules.requests
        ]
        assert found == said
        assert self.version.is_deleted == self.rules.is_deleted
        assert self.rules.is_deleted or self.version.current_stage == self.rules.stage


@pytest.mark.django_db
def test_whatever_anybody_does_comes_to_what_the_rules_say() -> None:
    run_state_machine_as_test(
        Promotion,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
