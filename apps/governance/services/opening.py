"""Opening change requests, and finding the one that is open already."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.governance import announcing
from apps.governance.actions import Proposal, action_named, proposal_of
from apps.governance.choices import Kind
from apps.governance.models import ChangeRequest, Exclusion
from apps.governance.queries.eligibility import Jury, exclusions_of
from apps.governance.queries.policies import BUILT_IN, InForce, restrictions_on, revisions_of
from apps.governance.queries.requests import live_request
from apps.governance.services.evidence import pin
from apps.governance.services.gates import request_look
from apps.governance.terms import combined
from mlregistry.actor import Actor
from mlregistry.errors import AskedFor, BadRequest, InvalidParameter

LONGEST_REASON = 10_000
_OF_PROPOSAL = ("action", "object_type", "object_id", "object_name", "target", "subject_id", "subject_name")


class ApprovalNeeded(AskedFor):
    """Not done, but asked for: `request` is where it is decided."""

    def __init__(self, request: ChangeRequest) -> None:
        super().__init__(said_of(request), title=f"change request {request.pk}", address=path_of(request))
        self.request = request


def needs_approval(proposal: Proposal, policies: Sequence[InForce], *, by: Actor, reason: str = "") -> ApprovalNeeded:
    """Open the request for this, or find it; the refusal that names it."""
    return ApprovalNeeded(open_request(proposal, policies=policies, by=by, reason=reason))


def ask_for(proposal: Proposal, *, by: Actor, reason: str = "") -> ChangeRequest:
    """Open the request for this, or find it; `InvalidParameter` where no policy protects it."""
    _refuse_done(proposal)
    policies = restrictions_on(proposal).policies
    if not policies:
        described = action_named(proposal.action).describe(proposal)
        raise InvalidParameter(f"No policy protects this: you can {described} without anybody's approval.")
    return open_request(proposal, policies=policies, by=by, reason=reason)


def ask_somebody(proposal: Proposal, *, by: Actor, reason: str = "") -> ChangeRequest:
    """The same, also where no policy protects it: then one of those who manage the object decides, as is built in.

    Whoever may do it unasked may have somebody else agree first, and is excluded from agreeing with themselves like
    everybody who had a hand in it. That weakens no policy: one that comes to protect it makes the request stale.
    """
    _refuse_done(proposal)
    return open_request(proposal, policies=restrictions_on(proposal).policies, by=by, reason=reason)


def open_request(
    proposal: Proposal,
    *,
    policies: Sequence[InForce],
    by: Actor,
    reason: str = "",
    kind: Kind = Kind.CHANGE,
    parent: ChangeRequest | None = None,
    identity: str = "",
    open_for: timedelta | None = None,
) -> ChangeRequest:
    """A live request for the same proposal is returned as it is."""
    identity = identity or proposal.identity
    _check_reason(reason)
    if found := live_request(identity):
        return found
    try:
        with transaction.atomic():
            terms = combined([met.terms for met in policies]) if policies else BUILT_IN
            row = ChangeRequest(
                kind=kind,
                parent=parent,
                identity=identity,
                reason=reason,
                approvals_needed=terms.needed,
                expires_at=timezone.now() + (open_for or timedelta(days=terms.open_for_days)),
            )
            return _open(row, proposal, policies, by=by)
    except IntegrityError:  # somebody else was faster
        if found := live_request(identity):
            return found
        raise


def _open(request: ChangeRequest, proposal: Proposal, policies: Sequence[InForce], *, by: Actor) -> ChangeRequest:
    """Save the request with everything that is known of it now."""
    action = action_named(proposal.action)
    action.check(proposal)
    for field in _OF_PROPOSAL:
        setattr(request, field, getattr(proposal, field))
    request.payload, request.summary = dict(proposal.payload), action.describe(proposal)
    request.requester, request.requester_id = by.username, by.user_id
    request.requester_kind, request.requester_owner = by.kind.value, by.owner
    request.opened_at = timezone.now()
    request.save(force_insert=True)
    revisions = list(revisions_of(policies))
    request.revisions.set(revisions)
    excluded = exclusions_of(request, action.contributors(proposal), revisions)
    Exclusion.objects.bulk_create(excluded)
    pin(request)
    audit.record(
        "governance.request.open",
        target=request,
        by=by,
        asked=request.action,
        kind=request.kind,
        object=request.object_name,
        subject=request.subject_name,
        summary=request.summary,
        policies={met.policy: met.revision_id for met in policies},
        evidence=request.evidence_digest,
        excluded={row.username: row.reason for row in excluded},
        reason=request.reason,
    )
    announcing.announce(announcing.OPENED, request)
    request_look(request)
    return request


def reopen_ratification(request: ChangeRequest) -> ChangeRequest:
    """Ask anew on the evidence of now, for what is left of the time; what stands is not taken back for a new card."""
    proposal = proposal_of(request)
    return open_request(
        proposal,
        policies=restrictions_on(proposal).policies,
        by=request.requested_by,
        reason=request.reason,
        kind=Kind.RATIFICATION,
        parent=request.parent,
        identity=request.identity,
        open_for=max(request.expires_at - timezone.now(), timedelta()),
    )


def said_of(request: ChangeRequest) -> str:
    """What somebody is told who must wait for a request: which, what is missing, where it is decided."""
    jury = Jury(request)
    slots = ", ".join(f"{count} of {team}" for team, count in jury.missing_slots().items())
    count = jury.missing()
    approvals = f"{count} approval{'' if count == 1 else 's'}{f' ({slots})' if slots else ''}"
    gates = [gate.name.replace("_", " ") for gate in jury.terms.required_gates()]
    checks = f", and these gates must pass: {', '.join(gates)}" if gates else ""
    missing = f"is missing {approvals}{checks}" if count else f"has its approvals and waits for its gates{checks}"
    return (
        f"To {request.summary} takes approval. Change request {request.pk} {missing}."
        f" It is decided at {address_of(request)}"
    )


def address_of(request: ChangeRequest) -> str:
    return f"{settings.MLREGISTRY_URL}{path_of(request)}"


def path_of(request: ChangeRequest) -> str:
    return f"/admin/reviews/{request.pk}/"


def _refuse_done(proposal: Proposal) -> None:
    action = action_named(proposal.action)
    if action.is_done(proposal):
        raise BadRequest(f"There is nothing to ask for: it is so already ({action.describe(proposal)}).")


def _check_reason(reason: str) -> None:
    if len(reason) > LONGEST_REASON:
        raise InvalidParameter(f"A reason has at most {LONGEST_REASON:,} characters, not {len(reason):,}.")
