"""The queue of change requests: what a person sees of it, tab by tab, and narrowed."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.governance.choices import LIVE, GateVerdict, Kind, State
from apps.governance.models import ChangeRequest, GateRun
from apps.governance.queries.requests import visible_requests
from apps.governance.queries.waiting import (
    ReadJury,
    read_along,
    revisions_reviewed_by,
    team_requests,
    under,
    waiting_for,
)

SOON = timedelta(days=3)
RUNS_OUT = timedelta(days=30)
"""Before an approval runs out, from when on that is shown."""
LONGEST = 200
"""Letters of a word that is looked for."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the queue is narrowed by; empty fields narrow nothing."""

    state: str = ""
    action: str = ""
    object: str = ""
    requester: str = ""
    team: str = ""

    @property
    def is_any(self) -> bool:
        return any((self.state, self.action, self.object, self.requester, self.team))

    def apply(self, requests: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
        if self.state in State.values:
            requests = requests.filter(state=self.state)
        elif self.state == LIVE_STATES:
            requests = requests.filter(state__in=LIVE)
        if self.action:
            requests = requests.filter(action=self.action)
        if self.object:
            requests = requests.filter(object_name__icontains=self.object)
        if self.requester:
            requests = requests.filter(requester__icontains=self.requester)
        if self.team:
            team = Team.objects.filter(name=self.team).values_list("pk", flat=True).first()
            requests = requests.filter(under(revisions_reviewed_by(team or 0)))
        return requests


LIVE_STATES = "undecided"
"""The word for both states that a request can still move on from."""


@dataclass(slots=True)
class Line:
    """A request with what a list shows of it."""

    request: ChangeRequest
    approvals: int = 0
    needed: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    """How many approvals each team still has to give."""
    gates: dict[str, int] = field(default_factory=dict)
    """How many gates there are of each newest verdict."""
    is_mine_to_vote: bool = False


def lines_of(requests: Sequence[ChangeRequest], waiting: Sequence[ChangeRequest]) -> list[Line]:
    """Four queries, however many requests."""
    read_along(requests)
    newest: dict[int, dict[int, str]] = defaultdict(dict)
    runs = GateRun.objects.filter(request__in=requests).order_by("pk")
    for pk, position, verdict in runs.values_list("request_id", "position", "verdict"):
        newest[pk][position] = verdict
    mine = {request.pk for request in waiting}
    lines = []
    for request in requests:
        jury, gates = ReadJury(request), defaultdict[str, int](int)
        for position, _ in enumerate(jury.terms.required_gates()):
            gates[newest[request.pk].get(position, GateVerdict.PENDING)] += 1
        lines.append(
            Line(
                request,
                len(jury.approvals),
                jury.terms.needed,
                jury.missing_slots() if request.is_live else {},
                dict(gates),
                request.pk in mine,
            )
        )
    return lines


def asked_by(user: User) -> QuerySet[ChangeRequest]:
    """Also what the programs asked for that this person answers for."""
    return visible_requests(user).filter(Q(requester=user.username) | Q(requester_owner=user.username))


def waiting(user: User) -> QuerySet[ChangeRequest]:
    return visible_requests(user).filter(pk__in=[request.pk for request in waiting_for(user)])


def due_soon(user: User) -> QuerySet[ChangeRequest]:
    now = timezone.now()
    return visible_requests(user).filter(state__in=LIVE, expires_at__gt=now, expires_at__lte=now + SOON)


def overdue(user: User) -> QuerySet[ChangeRequest]:
    """Requests whose time is up, and what stands whose approval has run out or soon does."""
    now = timezone.now()
    again = ChangeRequest.objects.filter(parent=OuterRef("pk"), kind=Kind.REVALIDATION, state=State.APPLIED)
    standing = Q(state=State.APPLIED, taken_back_at=None, valid_until__lte=now + RUNS_OUT) & ~Exists(again)
    return visible_requests(user).filter(Q(state__in=LIVE, expires_at__lte=now) | standing)


TABS: dict[str, tuple[str, Callable[[User], QuerySet[ChangeRequest]]]] = {
    "waiting": ("Waiting for me", waiting),
    "mine": ("Asked by me", asked_by),
    "teams": ("My teams'", team_requests),
    "due": ("Due soon", due_soon),
    "overdue": ("Overdue", overdue),
    "all": ("All", visible_requests),
}
"""The queue's tabs, by their words in addresses."""
BY_DATE = ("waiting", "due", "teams")
"""Tabs that begin with what ends first; others with the newest."""
