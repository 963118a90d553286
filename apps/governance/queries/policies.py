"""Which policies are in force, and which of them a proposal meets."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db.models import CharField, F, QuerySet, TextField, Value
from django.db.models.functions import Cast

from apps.governance.actions import Proposal, action_named
from apps.governance.models import ChangeRequest, LegalHold, Policy, PolicyRevision
from apps.governance.terms import Terms, combined, read_terms
from mlregistry.errors import NotFound

_POLICY, _HOLD = "policy", "hold"

BUILT_IN = Terms(protects={"policy": ("*",)}, approvals=1)
"""By which changes of policies are judged that no policy says anything of: another administrator agrees."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A revision that is in force, as a proposal meets it."""

    revision_id: int
    policy: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What stands between a proposal and its being done."""

    policies: list[InForce] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    """Reasons of legal holds, for what would take something away."""


def restrictions_on(proposal: Proposal, *, takes_away: bool = False) -> Restrictions:
    """One query, however many policies there are; more only if one is about this object."""
    rows: Any = _policies_in_force()
    if takes_away:
        rows = rows.union(_live_holds(), all=True)
    action, names = action_named(proposal.action), None
    found = Restrictions()
    for kind, pk, name, text, subject in rows:
        names = action.names(proposal) if names is None else names
        if kind == _POLICY:
            terms = msgspec.json.decode(text, type=Terms)
            if terms.covers_object(names):
                found.policies.append(InForce(pk, name, terms))
        elif Terms(models=(name,)).covers_object(names) and _is_held(proposal, subject):
            found.holds.append(text)
    if found.policies:
        doors = action.doors(proposal)
        return Restrictions([met for met in found.policies if met.terms.protects_any(doors)], found.holds)
    return found


def policies_for(name: str) -> list[InForce]:
    """The policies in force for objects of this name, whatever it is that they protect; one query."""
    return [met for met in every_policy() if met.terms.covers_object((name,))]


def every_policy() -> list[InForce]:
    """All that are in force; one query."""
    rows: Any = _policies_in_force()
    return [InForce(pk, policy, msgspec.json.decode(text, type=Terms)) for _, pk, policy, text, _ in rows]


def terms_of(request: ChangeRequest) -> Terms:
    """What a request has to satisfy: its revisions together, or what is built in."""
    terms = [read_terms(document) for document in request.revisions.order_by("pk").values_list("document", flat=True)]
    return combined(terms) if terms else BUILT_IN


def team_ids_of(request: ChangeRequest) -> dict[str, int]:
    """Keys of the teams that the request's revisions name: a team that is renamed stays the one that was meant."""
    found: dict[str, int] = {}
    for teams in request.revisions.values_list("teams", flat=True):
        found |= teams
    return found


def get_policy(name: str) -> Policy:
    # No policy's name has null characters, and PostgreSQL takes none to look for.
    found = Policy.objects.select_related("current").filter(name=name).first() if "\x00" not in name else None
    if found is None:
        raise NotFound(f"There is no policy named {name}.")
    return found


def newest_draft(name: str) -> PolicyRevision:
    draft = get_policy(name).revisions.select_related("policy__current").order_by("-number").first()
    if draft is None or draft.published_at is not None:
        raise NotFound(f"Policy {name} has no draft: write one first.")
    return draft


def is_any_in_force() -> bool:
    return Policy.objects.filter(current__isnull=False).exists()


def revisions_of(policies: Iterable[InForce]) -> QuerySet[PolicyRevision]:
    return PolicyRevision.objects.select_related("policy").filter(pk__in=[met.revision_id for met in policies])


def _policies_in_force() -> QuerySet[Any, Any]:
    current = PolicyRevision.objects.filter(in_force_for__isnull=False)
    return current.order_by().values_list(
        Value(_POLICY, CharField()), "pk", F("policy__name"), Cast("document", TextField()), Value("", CharField())
    )


def _live_holds() -> QuerySet[Any, Any]:
    live = LegalHold.objects.filter(lifted_at=None)
    return live.order_by().values_list(
        Value(_HOLD, CharField()), "pk", F("object_name"), Cast("reason", TextField()), F("subject")
    )


def is_held(object_name: str, *, subject: str) -> bool:
    """Whether a legal hold is on the version of this number; one query."""
    holds = LegalHold.objects.filter(lifted_at=None, subject__in=["", subject]).values_list("object_name", flat=True)
    return any(Terms(models=(pattern,)).covers_object((object_name,)) for pattern in holds)


def _is_held(proposal: Proposal, version: str) -> bool:
    """A hold on one version also keeps what would take away the whole model."""
    return version == "" or proposal.subject_id is None or version == str(proposal.payload.get("version"))
