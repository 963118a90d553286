"""What a request is judged on: pinned once it is complete, and held against what is so now."""

import hashlib
from typing import Any

from django.db import transaction

from apps.audit.plain import canonical, plain
from apps.governance import announcing
from apps.governance.actions import action_named, proposal_of
from apps.governance.choices import Kind
from apps.governance.models import ChangeRequest
from apps.governance.queries.policies import restrictions_on

POLICIES = "policies"
SHORT = 60
"""Letters of a value in the sentence about what differs."""


def gather(request: ChangeRequest) -> dict[str, Any]:
    """The evidence as it is now, with the policies that hold now."""
    proposal = proposal_of(request)
    action = action_named(request.action)
    policies = {met.policy: met.revision_id for met in restrictions_on(proposal).policies}
    found: dict[str, Any] = plain({**action.evidence(proposal), POLICIES: policies})
    return found


def digest_of(evidence: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(evidence)).hexdigest()


@transaction.atomic
def pin(request: ChangeRequest) -> str:
    """Keep the evidence of a request once there is all of it; why that is not yet, or nothing."""
    if request.evidence_digest:
        return ""
    if waiting := action_named(request.action).waits_for(proposal_of(request)):
        return waiting
    request.evidence = gather(request)
    request.evidence_digest = digest_of(request.evidence)
    request.save(update_fields=["evidence", "evidence_digest"])
    # Of a broken glass its reviewers are told in words of their own; see `sweeping` for ratifications asked for anew.
    if request.kind in (Kind.CHANGE, Kind.REVALIDATION):
        announcing.announce(announcing.Event.NEEDS_YOU, request)
    return ""


def drift(request: ChangeRequest) -> list[str]:
    """What differs from the pinned evidence, a sentence each; empty while the votes hold."""
    if not request.evidence_digest:
        return []
    now = gather(request)
    if digest_of(now) == request.evidence_digest:
        return []
    action, found = action_named(request.action), []
    for key in sorted({*now, *request.evidence}):
        before, after = request.evidence.get(key), now.get(key)
        if before != after:
            words = _of_policies(before, after) if key == POLICIES else action.difference(key, before, after)
            found += [_said(key, before, after)] if words is None else words
    return found or ["what it is judged on has changed"]


def _of_policies(before: Any, after: Any) -> list[str]:
    """Which policies came, went or were revised; they are kept by the keys of their revisions."""
    before, after = before or {}, after or {}
    words = []
    for name in sorted({*before, *after}):
        if name not in before:
            words.append(f"policy {name} protects this now, and did not")
        elif name not in after:
            words.append(f"policy {name} protects this no longer")
        elif before[name] != after[name]:
            words.append(f"policy {name} has been revised")
    return words


def _said(key: str, before: Any, after: Any) -> str:
    if isinstance(before, dict) and isinstance(after, dict):
        inner = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        return f"{key}: " + ", ".join(
            f"{name} was {_short(before.get(name))}, is {_short(after.get(name))}" for name in inner[:5]
        )
    return f"{key} was {_short(before)}, is {_short(after)}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"
