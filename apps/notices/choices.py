"""What people are told of, by which ways, and what everybody gets who has chosen nothing."""

from dataclasses import dataclass

from django.db import models

from apps.governance.announcing import Event


class Way(models.TextChoices):
    """How somebody can be told."""

    APP = "app", "here"
    EMAIL = "email", "e-mail"


class Channel(models.TextChoices):
    """Where messages go that leave the server."""

    EMAIL = "email", "e-mail"
    CHAT = "chat", "shared channel"


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    """Nobody wants it any more: it was decided meanwhile, or whom it was for may not read it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that people are told of."""

    title: str
    about: str
    emails: bool = True
    """Whether everybody gets an e-mail who has not chosen otherwise."""
    is_shared: bool = False
    """Whether the channel that all share is told."""


SUBJECTS: dict[Event, Subject] = {
    Event.NEEDS_YOU: Subject("Needs you", "A request that you may vote on, as long as it needs your vote."),
    Event.DECIDED: Subject(
        "Decided", "What became of requests that you asked for, voted on or commented on.", is_shared=True
    ),
    Event.BREAK_GLASS: Subject(
        "Break glass", "Somebody went ahead without approval, on what you review or had a hand in.", is_shared=True
    ),
    Event.REVALIDATION_DUE: Subject(
        "Revalidation due", "An approval that you asked for or gave runs out in 30, 7 or 1 days.", is_shared=True
    ),
    Event.TAKEN_BACK: Subject("Taken back", "A change that you asked for or approved was undone.", is_shared=True),
    Event.MENTIONED: Subject("Mentioned", "Somebody wrote @ and your name in a comment."),
    Event.STALE: Subject(
        "Stale", "What a request of yours is judged on has changed, so that its votes are void.", is_shared=True
    ),
    Event.EXPIRING: Subject("Expiring", "A request that you asked for, or that needs you, ends within a day."),
    Event.OPENED: Subject(
        "Opened", "Somebody, or a program of yours, asks about what you had a hand in.", emails=False, is_shared=True
    ),
    Event.COMMENTED: Subject("Commented", "Something was said about a request that you take part in.", emails=False),
}
"""By what somebody may be told of, in the order in which they choose."""

EVENTS = [(event.value, subject.title) for event, subject in SUBJECTS.items()]
