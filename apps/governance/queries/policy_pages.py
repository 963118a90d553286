"""What the pages of policies show: to administrators all, to others what protects something that they may read."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field

from apps.accounts.models import User
from apps.governance.actions import reads_any, words
from apps.governance.choices import LIVE
from apps.governance.models import ChangeRequest, Policy, PolicyRevision
from apps.governance.queries.policies import is_any_in_force
from apps.governance.queries.told import title_of
from apps.governance.services.policy_documents import written_document
from apps.governance.terms import Terms, read_terms
from mlregistry.errors import NotFound

MOST = 500
REVISIONS = 50


@dataclass(frozen=True, slots=True)
class ToldTerms:
    """What a policy says, in words."""

    terms: Terms
    doors: list[tuple[str, str]]
    """What it protects: ("stage", "Production, Staging")."""
    gates: list[tuple[str, dict[str, object]]]

    @property
    def needs(self) -> str:
        slots = ", ".join(f"{count} of {team}" for team, count in sorted(self.terms.slots.items()))
        rest = self.terms.needed - sum(self.terms.slots.values())
        if not slots:
            whom = " or ".join(self.terms.reviewers) or "whoever manages the model"
            return f"{self.terms.needed} of {whom}"
        return f"{slots}, and {rest} more" if rest else slots


@dataclass(frozen=True, slots=True)
class Line:
    """A policy with what is in force of it, in words."""

    policy: Policy
    told: ToldTerms | None = None


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """A revision, and how it differs from the one before it."""

    revision: PolicyRevision
    text: str
    lines: list[str] = field(default_factory=list)
    is_asked_for: bool = False


def visible_policies(user: User) -> list[Policy]:
    found = list(Policy.objects.select_related("current").order_by("name")[:MOST])
    if user.is_superuser:
        return found
    return [policy for policy in found if policy.current and _may_see(user, policy)]


def get_visible_policy(user: User, pk: int) -> Policy:
    found = Policy.objects.select_related("current").filter(pk=min(pk, 2**63 - 1)).first()
    if found is None or not (user.is_superuser or (found.current and _may_see(user, found))):
        raise NotFound("There is no such policy.")
    return found


def get_revision(policy: Policy, number: int) -> PolicyRevision:
    found = policy.revisions.select_related("policy").filter(number=min(number, 2**31 - 1)).first()
    if found is None:
        raise NotFound(f"Policy {policy.name} has no revision {number}.")
    return found


def is_taken(name: str) -> bool:
    return Policy.objects.filter(name=name).exists()


def lines_of(policies: Collection[Policy]) -> list[Line]:
    return [
        Line(policy, told_terms(read_terms(policy.current.document)) if policy.current else None) for policy in policies
    ]


def told_terms(terms: Terms) -> ToldTerms:
    doors = [(word, ", ".join(targets)) for word, targets in sorted(terms.protects.items())]
    return ToldTerms(terms, doors, [(title_of(gate), dict(gate.terms)) for gate in terms.required_gates()])


def known_words() -> list[str]:
    return words()


def revisions_of(policy: Policy, *, with_drafts: bool) -> list[RevisionLine]:
    """The newest first, each against the one before it. Drafts are their administrators' affair."""
    found = policy.revisions.order_by("-number")
    rows = list((found if with_drafts else found.filter(published_at__isnull=False))[: REVISIONS + 1])
    texts = [written_document(row.document) for row in rows]
    asked_for = _asked_for(policy)
    lines = []
    for index, row in enumerate(rows[:REVISIONS]):
        before = texts[index + 1] if index + 1 < len(rows) else ""
        differing = list(difflib.unified_diff(before.splitlines(), texts[index].splitlines(), lineterm="", n=2))[2:]
        lines.append(RevisionLine(row, texts[index], differing if before else [], row.pk in asked_for))
    return lines


def live_changes_of(policy: Policy) -> list[ChangeRequest]:
    """Requests that would change this policy."""
    about = ChangeRequest.objects.filter(object_type=Policy._meta.label_lower, object_id=policy.pk, state__in=LIVE)
    return list(about.order_by("pk"))


def takes_approval(policy: Policy) -> bool:
    """Whether publishing it opens a request: once any policy is in force, others have to agree."""
    return policy.current is not None or is_any_in_force()


def _asked_for(policy: Policy) -> set[int]:
    return {request.payload.get("revision_id") for request in live_changes_of(policy)}


def _may_see(user: User, policy: Policy) -> bool:
    return policy.current is not None and reads_any(user, read_terms(policy.current.document).models)
