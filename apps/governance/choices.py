"""States of change requests, and what else is chosen from a list."""

from django.db import models


class State(models.TextChoices):
    """open -> approved -> applied, or an end without a change. `approved` waits for gates that take their time."""

    OPEN = "open"
    APPROVED = "approved"
    APPLIED = "applied"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STALE = "stale"
    FAILED = "failed"


LIVE = (State.OPEN, State.APPROVED)
"""States in which a request can still become a change."""
_ENDS = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED, State.STALE, State.FAILED})
TRANSITIONS: dict[State, frozenset[State]] = {
    State.OPEN: _ENDS | {State.APPROVED, State.APPLIED},
    State.APPROVED: _ENDS | {State.APPLIED},
}
"""Where a request may go from each state; an end is never left. The database's triggers hold the same."""


class Kind(models.TextChoices):
    CHANGE = "change", "change"
    BREAK_GLASS = "break_glass", "break glass"
    RATIFICATION = "ratification", "ratification of a break-glass change"
    REVALIDATION = "revalidation", "revalidation"


class Decision(models.TextChoices):
    APPROVE = "approve"
    REJECT = "reject"


class GateVerdict(models.TextChoices):
    """What a gate said. One that crashed blocks like one that failed, and says why."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    CRASHED = "crashed"


class WhenExpired(models.TextChoices):
    """What becomes of a change whose approval holds no longer."""

    FLAG = "flag", "say so"
    REMOVE = "remove", "take the change back"
    BLOCK = "block", "build no new images of it"
