"""What a request about a policy would change: field by field, what is in force against what would be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.governance.actions import Proposal
from apps.governance.models import Policy, PolicyRevision
from apps.governance.pages.comparing import Comparison
from apps.governance.queries.told import title_of
from apps.governance.terms import Terms, is_weaker, read_terms
from mlregistry.errors import NotFound

NOTHING: list[str] = []


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a policy on both sides, entry by entry; each with whether the other side has it as well."""

    title: str
    before: list[tuple[str, bool]]
    after: list[tuple[str, bool]]

    @property
    def differs(self) -> bool:
        return not all(kept for _, kept in [*self.before, *self.after])


def compare_policies(_user: User, proposal: Proposal, _before: Mapping[str, Any] | None) -> Comparison | None:
    """The request says itself which revision it was to replace, so that it reads the same once that has happened."""
    policy = Policy.objects.filter(pk=proposal.object_id).first()
    if policy is None:
        return None
    left, right = (_revision(policy, proposal.payload[key]) for key in ("before_id", "revision_id"))
    was, then = (read_terms(each.document) if each else None for each in (left, right))
    fields = _fields(was, then)
    return Comparison(
        "governance/policy_comparison.html",
        {
            "policy": policy,
            "before": left,
            "after": right,
            "fields": [each for each in fields if each.differs],
            "same": [each.title.lower() for each in fields if not each.differs and each.after],
            "is_weaker": then is None or (was is not None and is_weaker(then, was)),
        },
    )


def _revision(policy: Policy, pk: int | None) -> PolicyRevision | None:
    if pk is None:
        return None
    found = policy.revisions.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"Policy {policy.name} has no such revision.")
    return found


def _fields(before: Terms | None, after: Terms | None) -> list[Field]:
    left, right = (_told(terms) if terms else {} for terms in (before, after))
    return [_field(title, left.get(title, NOTHING), right.get(title, NOTHING)) for title in left or right]


def _field(title: str, before: list[str], after: list[str]) -> Field:
    return Field(title, [(each, each in after) for each in before], [(each, each in before) for each in after])


def _told(terms: Terms) -> dict[str, list[str]]:
    """Every field in words, its entries each for themselves."""
    days = terms.holds_for_days
    return {
        "For": [terms.description] if terms.description else [],
        "Models": ["all models" if name == "*" else name for name in terms.models],
        "Protects": [f"{word}: {target}" for word, targets in sorted(terms.protects.items()) for target in targets],
        "Approvals": [f"{terms.needed} in all", *(f"{count} of {team}" for team, count in sorted(terms.slots.items()))],
        "Others who review": list(terms.reviewers),
        "Excluded": list(terms.excluded),
        "Gates": [_gate(each) for each in terms.required_gates()],
        "Stays open": [f"{terms.open_for_days} days"],
        "Holds": [f"{days} days, then: {terms.when_expired.label}"] if days else ["for good"],
        "Break glass": list(terms.break_glass),
        "Ratified within": [f"{terms.ratify_within_hours} hours"] if terms.break_glass else [],
    }


def _gate(gate: Any) -> str:
    terms = ", ".join(f"{name} {value}" for name, value in sorted(gate.terms.items()))
    return f"{title_of(gate)}{f': {terms}' if terms else ''}"
