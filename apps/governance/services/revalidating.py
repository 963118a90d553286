"""Asking again for what stands, before its approval runs out."""

from apps.governance.actions import action_named, proposal_of
from apps.governance.choices import Kind, State
from apps.governance.models import ChangeRequest
from apps.governance.queries.policies import restrictions_on
from apps.governance.services.opening import open_request
from mlregistry.actor import Actor
from mlregistry.errors import BadRequest


def revalidate(*, request: ChangeRequest, by: Actor, reason: str = "") -> ChangeRequest:
    """Open a request for the same, judged anew; once it is approved, what stands is approved for another while."""
    proposal = proposal_of(request)
    if request.state != State.APPLIED or request.taken_back_at or not action_named(request.action).is_done(proposal):
        raise BadRequest(f"There is nothing to revalidate: what change request {request.pk} asked for does not stand.")
    return open_request(
        proposal,
        policies=restrictions_on(proposal).policies,
        by=by,
        reason=reason,
        kind=Kind.REVALIDATION,
        parent=request,
        identity=request.identity,
    )
