"""What the page of a request tells: its gates, its comments, its history, and what a vote would lead to."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.governance.actions import action_named
from apps.governance.choices import Decision, GateVerdict, Kind
from apps.governance.gates import gate_named
from apps.governance.models import ChangeRequest, Comment, GateRun, Vote
from apps.governance.queries.eligibility import Jury, Place, has_break_glass_place
from apps.governance.services.gates import LOOK_JOB, is_quick, newest_runs
from apps.governance.terms import GateTerms
from apps.jobs.choices import ACTIVE
from apps.jobs.models import Job
from mlregistry.errors import RegistryError
from mlregistry.levels import Level

ENTRIES = 100
COMMENTS = 500


@dataclass(frozen=True, slots=True)
class GateLine:
    """A gate that the request has to pass, and what it said last."""

    position: int
    name: str
    title: str
    terms: dict[str, Any] = field(default_factory=dict)
    run: GateRun | None = None
    is_quick: bool = True

    @property
    def verdict(self) -> str:
        return self.run.verdict if self.run else GateVerdict.PENDING

    @property
    def passed(self) -> bool:
        return self.verdict == GateVerdict.PASSED


def gates_of(request: ChangeRequest, jury: Jury) -> list[GateLine]:
    runs = newest_runs(request)
    return [
        GateLine(position, gate.name, title_of(gate), dict(gate.terms), runs.get(position), is_quick(gate))
        for position, gate in enumerate(jury.terms.required_gates())
    ]


def title_of(gate: GateTerms) -> str:
    """What a gate is called, also one that is no longer there."""
    try:
        return gate_named(gate.name).title
    except RegistryError:
        return gate.name.replace("_", " ")


def is_being_looked_at(request: ChangeRequest) -> bool:
    """Whether a worker is about to complete its evidence or to run its gates."""
    if not request.is_live:
        return False
    keys = (f"{LOOK_JOB}:{request.pk}", f"{LOOK_JOB}:{request.pk}:again")
    return Job.objects.filter(unique_key__in=keys, state__in=ACTIVE).exists()


def approval_leads_to(
    request: ChangeRequest, jury: Jury, place: Place, gates: list[GateLine]
) -> tuple[int, dict[str, int], list[GateLine]]:
    """After this person's approval: how many are still missing, of which teams, and which gates stand in the way."""
    theirs = Vote(decision=Decision.APPROVE, team_ids=[jury.team_ids[name] for name in place.teams])
    after = Jury(request, jury.terms)
    after.team_ids, after.votes = jury.team_ids, [*jury.votes, theirs]
    # Slow gates look again after the last vote, whatever they said before.
    return after.missing(), after.missing_slots(), [gate for gate in gates if not gate.passed or not gate.is_quick]


def may_withdraw(user: User, request: ChangeRequest) -> bool:
    return request.is_live and (user.is_superuser or user.username in (request.requester, request.requester_owner))


def may_break_glass(user: User, request: ChangeRequest, jury: Jury) -> bool:
    """Where the policy names their team, they may change the object, and what is done can be taken back."""
    if request.kind != Kind.CHANGE or not request.is_live or user.is_service_account or not jury.terms.break_glass:
        return False
    if not action_named(request.action).can_take_back() or jury.level_of(user) < Level.EDIT:
        return False
    return has_break_glass_place(user, jury.terms, jury.team_ids)


def comments_of(request: ChangeRequest) -> list[Comment]:
    return list(_said_of(request).order_by("pk")[:COMMENTS])


def get_comment(request: ChangeRequest, pk: int) -> Comment | None:
    return _said_of(request).filter(pk=pk).first()


def _said_of(request: ChangeRequest) -> QuerySet[Comment]:
    """What was said about the request, and about the version that it is about."""
    said = Q(request=request)
    if request.subject_id is not None:
        said |= Q(
            request=None,
            object_type=request.object_type,
            object_id=request.object_id,
            subject_id=request.subject_id,
        )
    return Comment.objects.filter(said)


def history_of(request: ChangeRequest) -> list[Entry]:
    """What the record says of a request, the first first."""
    label, ours = request._meta.label_lower, str(request.pk)
    found = Entry.objects.filter(Q(target_type=label, target_id=ours))
    return list(found.order_by("sequence")[:ENTRIES])


def next_and_before(keys: list[int], pk: int) -> tuple[int | None, int | None]:
    """The requests after and before this one in a list."""
    if pk not in keys:
        return (keys[0] if keys else None), None
    at = keys.index(pk)
    return (keys[at + 1] if at + 1 < len(keys) else None), (keys[at - 1] if at else None)
