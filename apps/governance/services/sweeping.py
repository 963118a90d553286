"""What time does to requests: they expire, drift, and their approvals run out."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.models import Entry
from apps.governance import announcing
from apps.governance.choices import LIVE, Kind, State, WhenExpired
from apps.governance.models import ChangeRequest
from apps.governance.queries.policies import terms_of
from apps.governance.services.deciding import CLOCK, locked, ready_to_vote, take_back
from apps.governance.services.gates import request_look, required
from apps.jobs.running import RunningJob

WARNINGS = (30, 7, 1)
"""Days before an approval runs out, at which that is said."""
AGAIN = timedelta(hours=1)
"""How often the gates look at what waits for nothing but them, unless somebody has them look sooner."""
SOON = timedelta(days=1)
"""Before a request expires, when that is said."""


def sweep(job: RunningJob | None = None) -> dict[str, int]:
    """Expire, mark stale, complete evidence, and see to approvals that run out; each request in its own transaction."""
    ended = waiting = 0
    for request in ChangeRequest.objects.filter(state__in=LIVE).order_by("pk").iterator(chunk_size=200):
        if job is not None:
            job.check()
        with transaction.atomic():
            row = locked(request)
            had_evidence = bool(row.evidence_digest)
            refusal = ready_to_vote(row) if row.is_live else None
            ended += not row.is_live
            if refusal is None and (not had_evidence or _gates_are_due(row)):
                waiting += 1
                request_look(row)
            elif row.is_live and row.expires_at - timezone.now() < SOON:
                announcing.announce(announcing.EXPIRING, row)
            if refusal is None and row.state == State.OPEN and terms_of(row).reviewing_teams:
                announcing.announce(announcing.Event.NEEDS_YOU, row)  # somebody may have joined a team
    return {"ended": ended, "looked_at": waiting, "ran_out": _see_to_approvals()}


def _gates_are_due(request: ChangeRequest) -> bool:
    """Once while people vote, and now and then when nothing else is missing: what a gate looks at may change."""
    runs = request.gate_runs.all()
    if request.state == State.APPROVED:
        runs = runs.filter(started_at__gt=timezone.now() - AGAIN)
    return not runs.exists() and bool(required(request))


def _see_to_approvals() -> int:
    """Warn at 30, 7 and 1 days; when an approval has run out, do what its policy says."""
    ran_out = 0
    holding = ChangeRequest.objects.filter(state=State.APPLIED, taken_back_at=None, valid_until__isnull=False)
    for request in holding.filter(valid_until__lte=timezone.now() + timedelta(days=WARNINGS[0])).order_by("pk"):
        if request.followers.filter(kind=Kind.REVALIDATION, state=State.APPLIED).exists():
            continue
        left = request.valid_until - timezone.now() if request.valid_until else timedelta()
        if left > timedelta():
            _warn(request, left)
        elif _run_out(request):
            ran_out += 1
    return ran_out


def _warn(request: ChangeRequest, left: timedelta) -> None:
    """Once at each threshold, the record says; what was approved for a week is not said to end within a month."""
    whole = request.valid_until - request.ended_at if request.valid_until and request.ended_at else timedelta()
    passed = [days for days in WARNINGS if left <= timedelta(days=days) < whole]
    if not passed or _was_warned(request, min(passed)):
        return
    with transaction.atomic():
        row = locked(request)
        if row.taken_back_at is not None or _was_warned(row, min(passed)):
            return
        audit.record(
            "governance.request.warn",
            target=row,
            by=CLOCK,
            object=row.object_name,
            subject=row.subject_name,
            summary=row.summary,
            days=min(passed),
        )
        announcing.announce(announcing.Event.REVALIDATION_DUE, row, days=min(passed))


def _was_warned(request: ChangeRequest, days: int) -> bool:
    warned = Entry.objects.filter(
        target_type=request._meta.label_lower, target_id=str(request.pk), action="governance.request.warn"
    )
    return any(entry.details["days"] <= days for entry in warned)


@transaction.atomic
def _run_out(request: ChangeRequest) -> bool:
    """Once for each request: its outcome says that it was seen to."""
    row = locked(request)
    if row.outcome or not ChangeRequest.objects.filter(pk=row.pk, valid_until__lte=Now()).exists():
        return False
    then = terms_of(row).when_expired
    row.outcome = f"Its approval ran out on {row.valid_until:%d %B %Y}."
    row.save(update_fields=["outcome"])
    audit.record(
        "governance.request.run_out",
        target=row,
        by=CLOCK,
        object=row.object_name,
        subject=row.subject_name,
        summary=row.summary,
        then=then,
    )
    announcing.announce(announcing.Event.REVALIDATION_DUE, row, days=0)
    if then == WhenExpired.REMOVE:
        take_back(row, by=CLOCK, why=row.outcome, restores=False)
    return True
