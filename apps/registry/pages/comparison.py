"""What a change request about a model would change: the version that it is about, against the one that is there now."""

from collections.abc import Mapping
from typing import Any

from apps.accounts.models import User
from apps.governance.actions import Proposal, action_named
from apps.governance.pages.comparing import Comparison
from apps.registry import proposals
from apps.registry.actions.base import subject_key
from apps.registry.models import Alias, CardRevision, ModelVersion
from apps.registry.pages.sides import EMPTY, Side, card_changes, parts_of, side_of
from apps.registry.queries.evidence import Evidence
from apps.registry.queries.versions import get_version_of, present
from mlregistry.levels import Level

OPENED = ("Metrics",)
"""Parts that are shown at once; the others open when asked for."""


def compare(user: User, proposal: Proposal, before: Mapping[str, Any] | None) -> Comparison | None:
    """`before` is what was replaced, where that has happened already."""
    if proposal.subject_id is None:
        held = _held(proposal, before)
        return Comparison("registry/comparison_held.html", {"proposal": proposal, "held": held})
    number = proposal.payload["version"]
    version = get_version_of(user, proposal.object_id, number, at_least=Level.READ)
    there = _there(user, proposal, before)
    left = side_of(user, there) if there else _nothing(version)
    right = side_of(user, version)
    return Comparison(
        "registry/comparison.html",
        {
            "model": version.model,
            "version": version,
            "there": there,
            "place": _place(proposal),
            "was": before is not None,
            "left": there.version if there else "",
            "right": version.version,
            "parts": [part for part in parts_of(left, right) if part.rows or part.same],
            "opened": OPENED,
            "card_changes": card_changes(left, right),
        },
    )


def _there(user: User, proposal: Proposal, before: Mapping[str, Any] | None) -> ModelVersion | None:
    """The version that is, or was, replaced; of a stage also one that would stay beside it."""
    others = present().filter(model=proposal.object_id).exclude(pk=subject_key(proposal))
    if before is None and proposal.action == proposals.SET_STAGE:
        found = others.filter(current_stage=proposal.target)
    else:
        replaced = action_named(proposal.action).standing(proposal) if before is None else before
        found = others.filter(version__in=replaced.get("archived", []) or [replaced.get("version") or 0])
    number = found.order_by("-version").values_list("version", flat=True).first()
    return get_version_of(user, proposal.object_id, number, at_least=Level.READ) if number else None


def _place(proposal: Proposal) -> str:
    return {proposals.SET_STAGE: f"in {proposal.target}", proposals.SET_ALIAS: f"at alias {proposal.target}"}.get(
        proposal.action, "there"
    )


def _held(proposal: Proposal, before: Mapping[str, Any] | None) -> int | None:
    """The version that an alias points at, or pointed at."""
    if before is not None:
        return before.get("version")
    held = Alias.objects.filter(model=proposal.object_id, name=proposal.target)
    return held.values_list("version__version", flat=True).first()


def _nothing(version: ModelVersion) -> Side:
    """The other side where nothing is there yet."""
    return Side(
        version=ModelVersion(model=version.model, version=0),
        content=EMPTY,
        evidence=Evidence(),
        card=CardRevision(version=version, number=0, sections={}, written_by=""),
        files={},
        tags={},
    )
