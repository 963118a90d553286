"""The door: what a policy protects is not done but asked for.

    @governed
    @transaction.atomic
    def set_alias(*, version, alias, by, approval=None):
        model = _lock(version)
        require_approval(SET_ALIAS.propose(version, alias), approval=approval)
        …

Asked inside the transaction of the change, where nothing can move any more, the refusal rolls back; the request is
opened after that.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from apps.governance.actions import Approval, Proposal, action_named
from apps.governance.queries.policies import InForce, restrictions_on
from apps.governance.services.opening import needs_approval
from mlregistry.errors import PermissionDenied

P = ParamSpec("P")
R = TypeVar("R")


class _Protected(Exception):
    def __init__(self, proposal: Proposal, policies: list[InForce]) -> None:
        super().__init__(proposal.action)
        self.proposal, self.policies = proposal, policies


def require_approval(
    proposal: Proposal, *, approval: Approval | None, takes_away: bool = False, is_written: bool = False
) -> None:
    """Go on if no policy protects this, if it is so already, or if `approval` is for exactly this; one query.

    With `takes_away`, for what deletes or renames, legal holds are asked too: no approval overrules those. With
    `is_written` the change is made already in this transaction, which holds the row still: that it is so says nothing.
    """
    if approval is not None and not takes_away:
        _check(approval, proposal)
        return
    found = restrictions_on(proposal, takes_away=takes_away)
    if found.holds:
        raise PermissionDenied(
            f"{proposal.object_name} is under legal hold ({found.holds[0]}), so nobody can"
            f" {action_named(proposal.action).describe(proposal)}."
        )
    if approval is not None:
        _check(approval, proposal)
    elif found.policies and (is_written or not action_named(proposal.action).is_done(proposal)):
        raise _Protected(proposal, found.policies)


def refuse_protected(proposal: Proposal, *, instead: str) -> None:
    """For what cannot be asked for: `PermissionDenied`, saying what to do `instead`, if a policy protects it."""
    if found := restrictions_on(proposal).policies:
        raise PermissionDenied(
            f"Policy {found[0].policy} protects this: to {action_named(proposal.action).describe(proposal)} takes"
            f" approval. {instead}"
        )


def governed(change: Callable[P, R]) -> Callable[P, R]:
    """Around a service's transaction: turns what is protected into a change request, and says so.

    A `reason` that the service was given is the request's.
    """

    @wraps(change)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return change(*args, **kwargs)
        except _Protected as protected:
            by: Any = kwargs["by"]
            reason: Any = kwargs.get("reason", "")
            raise needs_approval(protected.proposal, protected.policies, by=by, reason=reason) from None

    return guarded


def told_of(approval: Approval | None) -> dict[str, int]:
    """What the record of a change says of its approval: the request, where there was one."""
    return {"request": approval.request_id} if approval is not None and approval.request_id else {}


def _check(approval: Approval, proposal: Proposal) -> None:
    if not approval.covers(proposal):
        raise PermissionDenied(f"Change request {approval.request_id} does not ask for this.")
