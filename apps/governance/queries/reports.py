"""Reports of what became of change requests."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.governance.choices import Decision, Kind, State
from apps.governance.models import ChangeRequest
from apps.governance.queries.requests import visible_requests
from apps.governance.reports import Line, Period, Report, add_report
from apps.governance.services.opening import path_of

STRETCH = 500
"""Requests read at once, with their votes."""
ODD_ENDS = (State.STALE, State.EXPIRED, State.FAILED)


def add() -> None:
    for report in (APPROVALS, EXCEPTIONS, BREAK_GLASS, EXPIRING):
        add_report(report)


def _approvals(user: User, period: Period) -> Iterator[Line]:
    applied = visible_requests(user).filter(state=State.APPLIED, **period.conditions("ended_at"))
    for request in _walk(applied.exclude(kind=Kind.BREAK_GLASS)):
        yield _line(
            request,
            request.ended_at,
            request.requester,
            _voters(request),
            ", ".join(f"{revision.policy.name} revision {revision.number}" for revision in request.revisions.all()),
            request.evidence_digest,
        )


def _exceptions(user: User, period: Period) -> Iterator[Line]:
    visible = visible_requests(user)
    odd = visible.filter(state__in=ODD_ENDS, **period.conditions("ended_at"))
    back = visible.filter(taken_back_at__isnull=False, **period.conditions("taken_back_at"))
    for request in _walk(odd):
        yield _line(request, request.ended_at, request.get_state_display(), request.outcome)
    for request in _walk(back):
        yield _line(request, request.taken_back_at, "taken back", request.outcome)


def _break_glass(user: User, period: Period) -> Iterator[Line]:
    broken = visible_requests(user).filter(kind=Kind.BREAK_GLASS, **period.conditions("opened_at"))
    for request in _walk(broken.prefetch_related("followers__votes")):
        reviews = [each for each in request.followers.all() if each.kind == Kind.RATIFICATION]
        review = reviews[0] if reviews else None
        outcome = "taken back" if request.taken_back_at else ""
        if not outcome and review:
            outcome = "ratified" if review.state == State.APPLIED else f"review {review.get_state_display()}"
        yield _line(
            request, request.opened_at, request.requester, request.reason, outcome, _voters(review) if review else ""
        )


def _expiring(user: User, period: Period) -> Iterator[Line]:
    standing = visible_requests(user).filter(
        state=State.APPLIED, valid_until__isnull=False, taken_back_at=None, **period.conditions("valid_until")
    )
    now = timezone.now()
    for request in sorted(_walk(standing), key=lambda row: row.valid_until or now):
        days = ((request.valid_until or now) - now).days
        left = f"{days} days" if days >= 0 else f"ran out {-days} days ago"
        yield _line(request, request.valid_until, left, request.requester, _voters(request))


def _walk(found: QuerySet[ChangeRequest]) -> Iterator[ChangeRequest]:
    """The newest first, stretch by stretch."""
    found = found.prefetch_related("votes", "revisions__policy").order_by("-pk")
    last: int | None = None
    while stretch := list((found if last is None else found.filter(pk__lt=last))[:STRETCH]):
        yield from stretch
        last = stretch[-1].pk


def _line(request: ChangeRequest, *cells: Any) -> Line:
    return Line((f"#{request.pk} {request.summary}", *cells), path_of(request))


def _voters(request: ChangeRequest) -> str:
    cast = sorted(request.votes.all(), key=lambda vote: vote.pk)
    approvals = (vote for vote in cast if vote.decision == Decision.APPROVE)
    return ", ".join(f"{vote.voter} ({', '.join(vote.teams)})" if vote.teams else vote.voter for vote in approvals)


APPROVALS = Report(
    "approvals",
    "Approvals",
    "Who approved what, on which evidence.",
    ("What", "When", "Asked for by", "Approved by", "Under", "Evidence"),
    _approvals,
)
EXCEPTIONS = Report(
    "exceptions",
    "Exceptions",
    "What did not go its way: evidence that changed, requests that nobody decided, changes that failed or were undone.",
    ("What", "When", "How it ended", "Why"),
    _exceptions,
)
BREAK_GLASS = Report(
    "break-glass",
    "Break glass",
    "Every change that was made before it was approved, why, and what its review said.",
    ("What", "When", "By", "Why", "What came of it", "Ratified by"),
    _break_glass,
)
EXPIRING = Report(
    "expiring",
    "Expiring",
    "Approvals that hold for a time, the next to run out first.",
    ("What", "Holds until", "Left", "Asked for by", "Approved by"),
    _expiring,
)
