"""Going ahead without approval: at once, with a reason, and to be ratified in time or taken back."""

from datetime import timedelta

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.governance import announcing
from apps.governance.actions import Approval, Proposal, action_named, level_on
from apps.governance.choices import Kind
from apps.governance.models import ChangeRequest
from apps.governance.queries.eligibility import has_break_glass_place
from apps.governance.queries.policies import restrictions_on, revisions_of
from apps.governance.services.deciding import applied, locked
from apps.governance.services.evidence import pin
from apps.governance.services.opening import open_request
from apps.governance.terms import combined
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, PermissionDenied
from mlregistry.levels import Level

SHORTEST_REASON = 10


@transaction.atomic
def break_glass(*, proposal: Proposal, user: User, reason: str, by: Actor) -> ChangeRequest:
    """Do it now; the ratification that it opens says by when others have to agree."""
    action, policies = action_named(proposal.action), restrictions_on(proposal).policies
    if not policies:
        raise InvalidParameter(f"No policy protects this: you can {action.describe(proposal)} without breaking glass.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise InvalidParameter(f"Breaking glass takes a reason, of {SHORTEST_REASON} characters at least.")
    terms = combined([met.terms for met in policies])
    if level_on(user, proposal.object_type, proposal.object_id) < Level.EDIT:
        raise PermissionDenied(f"To {action.describe(proposal)} takes EDIT on {proposal.object_name}.")
    team_ids = {name: key for revision in revisions_of(policies) for name, key in revision.teams.items()}
    if user.is_service_account or not has_break_glass_place(user, terms, team_ids):
        allowed = f"members of {', '.join(terms.break_glass)} may" if terms.break_glass else "nobody may"
        raise PermissionDenied(f"Break glass is not yours here: for this, {allowed}.")
    if not action.can_take_back():
        raise InvalidParameter(
            f"To {action.describe(proposal)} cannot be taken back, so there is no break glass for it."
        )
    identity = f"{proposal.identity[:57]}-glass"
    request = locked(
        open_request(proposal, policies=policies, by=by, reason=reason, kind=Kind.BREAK_GLASS, identity=identity)
    )
    pin(request)
    request.before = action.standing(proposal)
    action.apply(proposal, by=by, approval=Approval(request.pk, proposal.identity))
    applied(request, by=by)
    ratification = open_request(
        proposal,
        policies=policies,
        by=by,
        reason=reason,
        kind=Kind.RATIFICATION,
        parent=request,
        identity=f"{proposal.identity[:57]}-{request.pk}"[:64],
        open_for=timedelta(hours=terms.ratify_within_hours),
    )
    audit.record(
        "governance.request.break_glass",
        target=request,
        by=by,
        object=request.object_name,
        subject=request.subject_name,
        summary=request.summary,
        reason=reason,
        ratification=ratification.pk,
        ratify_until=ratification.expires_at.isoformat(),
    )
    announcing.announce(announcing.Event.BREAK_GLASS, ratification, reason=reason)
    return request
