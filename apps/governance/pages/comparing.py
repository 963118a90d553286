"""What a request would change, held against what is so now: brought by the apps that own the objects.

    add_comparison(RegisteredModel._meta.label_lower, compare)

Governance knows actions and not models, so a maker gives the template that shows its comparison.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.models import User
from apps.governance.actions import Proposal, proposal_of
from apps.governance.models import ChangeRequest
from mlregistry.errors import NotFound


@dataclass(frozen=True, slots=True)
class Comparison:
    """A part of the request's page."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


Compare = Callable[[User, Proposal, Mapping[str, Any] | None], Comparison | None]
"""Takes who looks, what is proposed, and for what is applied already what that replaced."""

_makers: dict[str, Compare] = {}


def add_comparison(object_type: str, compare: Compare) -> None:
    _makers[object_type] = compare


def comparison_of(user: User, request: ChangeRequest) -> Comparison | None:
    """None where there is nothing to compare, or what was to be changed is gone."""
    compare = _makers.get(request.object_type)
    if compare is None:
        return None
    try:
        return compare(user, proposal_of(request), None if request.is_live else request.before)
    except NotFound:
        return None
