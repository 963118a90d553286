"""From votes to a change: each request moves on once, under the lock of its row.

Whoever moves it has the row locked, looks whether it is still live, unexpired and undrifted, and only then goes on.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.audit import services as audit
from apps.governance import announcing
from apps.governance.actions import Approval, action_named, proposal_of
from apps.governance.choices import TRANSITIONS, GateVerdict, Kind, State
from apps.governance.models import ChangeRequest
from apps.governance.queries.eligibility import Jury
from apps.governance.queries.policies import restrictions_on
from apps.governance.services.evidence import drift, pin
from apps.governance.services.gates import is_quick, newest_runs, request_look, required, run_gates
from apps.governance.services.opening import open_request, reopen_ratification
from mlregistry.actor import Actor, system
from mlregistry.errors import BadRequest, InternalError, NotFound, RegistryError

CLOCK = system("governance")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody cannot go on with a request; it is raised after what it led to is committed."""

    message: str


def locked(request: ChangeRequest) -> ChangeRequest:
    """The row as it is now, held until the transaction ends."""
    row = ChangeRequest.objects.select_for_update(of=("self",), no_key=True).filter(pk=request.pk).first()
    if row is None:
        raise NotFound(f"There is no change request {request.pk}.")
    return row


def ready_to_vote(request: ChangeRequest) -> Refusal | None:
    """Bring a locked request up to date, ending it where its time is up or its evidence has drifted.

    The database's clock decides: one that was set back on this machine opens nothing again.
    """
    if not request.is_live:
        return Refusal(f"Change request {request.pk} is {request.state} already{_why(request)}.")
    if ChangeRequest.objects.filter(pk=request.pk, expires_at__lte=Now()).exists():
        end(request, State.EXPIRED, by=CLOCK, outcome="Its time ran out.")
        return Refusal(f"Change request {request.pk} has expired. Ask again to open another.")
    try:
        action_named(request.action).lock(proposal_of(request))
        waiting = pin(request)
        differences = drift(request)
    except NotFound as gone:  # what it is about has been deleted
        end(request, State.FAILED, by=CLOCK, outcome=gone.message)
        return Refusal(f"Change request {request.pk} has failed: {gone.message}")
    if waiting:
        return Refusal(f"Nobody can vote on change request {request.pk} yet: {waiting}")
    if differences:
        end(request, State.STALE, by=CLOCK, outcome="; ".join(differences))
        return Refusal(
            f"Change request {request.pk} is stale, and its votes are void: {'; '.join(differences)}."
            " Ask again to open another on what is so now."
        )
    return None


def end(request: ChangeRequest, state: State, *, by: Actor, outcome: str = "") -> None:
    """Move a locked request to where it ends."""
    if state not in TRANSITIONS.get(State(request.state), frozenset()):
        raise InternalError(f"{request} cannot go from {request.state} to {state}.")
    request.state, request.ended_at, request.ended_by, request.outcome = state, timezone.now(), by.username, outcome
    request.save(update_fields=["state", "ended_at", "ended_by", "outcome"])
    audit.record(f"governance.request.{_VERBS[state]}", target=request, by=by, **_told(request), outcome=outcome)
    announcing.announce(announcing.STALE if state == State.STALE else announcing.DECIDED, request, by=by.username)
    if request.kind == Kind.RATIFICATION and request.parent is not None:
        if state == State.STALE:
            with suppress(NotFound):  # what has been deleted meanwhile nobody ratifies, nor takes back
                reopen_ratification(request)
        else:
            take_back(request.parent, by=by, why=f"It was not ratified: change request {request.pk} is {state}.")


def settle(request: ChangeRequest, *, by: Actor) -> None:
    """Apply a locked request if nothing is missing; with all its votes but gates to run, it is approved and waits."""
    jury = Jury(request)
    if jury.missing():
        announcing.announce(announcing.Event.NEEDS_YOU, request)
        return
    if request.state == State.OPEN:
        announcing.announce(announcing.Event.APPROVED, request, by=by.username)
    gates = required(request)
    fresh = _ran_since_the_last_vote(request)
    run_gates(request, [gate for gate in gates if is_quick(gate[1])])
    runs = newest_runs(request)
    if fresh and all(runs[position].verdict == GateVerdict.PASSED for position, _ in gates):
        _apply(request, by)
    elif request.state == State.OPEN:
        request.state = State.APPROVED
        request.save(update_fields=["state"])
        audit.record("governance.request.approve", target=request, by=by, **_told(request))
        request_look(request)


@transaction.atomic
def ask_otherwise(*, request: ChangeRequest, payload: Mapping[str, Any], why: str, by: Actor) -> ChangeRequest:
    """End a request that nobody has voted on, and ask with another payload: for whoever asked, for what time is left.

    What a request asks for is never changed, so that every vote is for what is carried out.
    """
    row = locked(request)
    if not row.is_live:
        raise BadRequest(f"Change request {row.pk} is {row.state} already{_why(row)}.")
    if row.votes.exists():
        raise BadRequest(f"Others have voted on change request {row.pk} as it is. {why}")
    proposal = replace(proposal_of(row), payload={**row.payload, **payload})
    end(row, State.STALE, by=by, outcome=f"{why} It is asked anew.")
    return open_request(
        proposal,
        policies=restrictions_on(proposal).policies,
        by=row.requested_by,
        reason=row.reason,
        open_for=max(row.expires_at - timezone.now(), timedelta()),
    )


def verify_bytes(request: ChangeRequest) -> None:
    """Look at the bytes, outside of transactions; what differs is then on the subject, and drifts the evidence.

    What cannot be looked at now decides nothing: the error of the store is the caller's.
    """
    with suppress(NotFound):  # that the subject is gone is said under the lock
        action_named(request.action).verify(proposal_of(request))


def look(request: ChangeRequest) -> ChangeRequest:
    """The worker's part: complete the evidence, run the gates, apply what has its votes. Safe to repeat."""
    seen = _look(request)
    if seen.state == State.APPROVED and not _ran_since_the_last_vote(seen):
        seen = _look(seen)  # the last vote came while the gates were looking
    return seen


def _look(request: ChangeRequest) -> ChangeRequest:
    with transaction.atomic():
        request = locked(request)
        if not request.is_live or ready_to_vote(request) is not None:
            return request
    # Slow gates look without holding anything; what they saw counts if the evidence is still the same afterwards.
    run_gates(request, [gate for gate in required(request) if not is_quick(gate[1]) or request.state == State.OPEN])
    if request.state == State.APPROVED:
        verify_bytes(request)
    with transaction.atomic():
        request = locked(request)
        if request.state == State.APPROVED and ready_to_vote(request) is None:
            settle(request, by=CLOCK)
    return request


def take_back(request: ChangeRequest, *, by: Actor, why: str, restores: bool = True) -> None:
    """Undo what was applied, once, where it still stands; what forbids that is its outcome, and stops nothing else.

    With `restores`, what it replaced stands again; without, nothing does: that was approved too long ago as well.
    """
    row = locked(request)
    if row.state != State.APPLIED or row.taken_back_at is not None:
        return
    try:
        with transaction.atomic():
            action_named(row.action).take_back(proposal_of(row), row.before if restores else {}, by=by)
    except RegistryError as refusal:
        row.outcome = f"{why} It could not be taken back: {refusal.message}"
        row.save(update_fields=["outcome"])
        audit.record("governance.request.keep", target=row, by=by, **_told(row), why=row.outcome)
        return
    row.taken_back_at, row.outcome = timezone.now(), why
    row.save(update_fields=["taken_back_at", "outcome"])
    audit.record("governance.request.take_back", target=row, by=by, **_told(row), before=row.before, why=why)
    announcing.announce(announcing.Event.TAKEN_BACK, row, why=why)


def _apply(request: ChangeRequest, by: Actor) -> None:
    """Carry it out in this transaction; what refuses it makes it fail, with the refusal as its outcome."""
    action, proposal = action_named(request.action), proposal_of(request)
    request.before = action.standing(proposal)
    try:
        with transaction.atomic():
            if request.kind == Kind.RATIFICATION:
                pass  # it stands already; this keeps it
            elif not action.is_done(proposal):
                action.apply(proposal, by=by, approval=Approval(request.pk, request.identity))
    except RegistryError as refusal:
        end(request, State.FAILED, by=by, outcome=refusal.message)
        return
    applied(request, by=by)


def applied(request: ChangeRequest, *, by: Actor) -> None:
    """Write down that a locked request was carried out, and until when that is approved."""
    jury = Jury(request)
    request.state, request.ended_at, request.ended_by = State.APPLIED, timezone.now(), by.username
    if jury.terms.holds_for_days is not None:
        request.valid_until = request.ended_at + timedelta(days=jury.terms.holds_for_days)
    request.save(update_fields=["state", "ended_at", "ended_by", "before", "valid_until"])
    audit.record(
        "governance.request.apply",
        target=request,
        by=by,
        **_told(request),
        evidence=request.evidence_digest,
        approved_by=[vote.voter for vote in jury.approvals],
        before=request.before,
        valid_until=request.valid_until.isoformat() if request.valid_until else None,
    )
    announcing.announce(announcing.DECIDED, request, by=by.username)


def _ran_since_the_last_vote(request: ChangeRequest) -> bool:
    """Whether the slow gates have looked after the request got its last vote, on the evidence that it has."""
    gates = [gate for gate in required(request) if not is_quick(gate[1])]
    if not gates:
        return True
    last_vote = request.votes.order_by("-cast_at").values_list("cast_at", flat=True).first()
    runs = newest_runs(request)
    return all(
        (run := runs.get(position)) is not None
        and run.evidence_digest == request.evidence_digest
        and (last_vote is None or run.started_at >= last_vote)
        for position, _ in gates
    )


def _told(request: ChangeRequest) -> dict[str, str]:
    return {"object": request.object_name, "subject": request.subject_name, "summary": request.summary}


def _why(request: ChangeRequest) -> str:
    return f" ({request.outcome.rstrip('.')})" if request.outcome else ""


_VERBS = {
    State.REJECTED: "reject",
    State.CANCELLED: "cancel",
    State.EXPIRED: "expire",
    State.STALE: "go_stale",
    State.FAILED: "fail",
}
