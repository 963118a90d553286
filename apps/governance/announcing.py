"""Who wants to know what becomes of change requests: listeners, called in the transaction of what they are told of.

A listener that sends something leaves a row and sends it after the commit, so nothing is told of what never was.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from apps.governance.models import ChangeRequest


class Event(StrEnum):
    OPENED = "opened"
    NEEDS_YOU = "needs_you"
    """Also told again: whom it needs may have changed. Whoever listens tells nobody twice."""
    APPROVED = "approved"
    DECIDED = "decided"
    STALE = "stale"
    EXPIRING = "expiring"
    BREAK_GLASS = "break_glass"
    REVALIDATION_DUE = "revalidation_due"
    COMMENTED = "commented"
    MENTIONED = "mentioned"
    TAKEN_BACK = "taken_back"


OPENED, DECIDED, STALE, EXPIRING = Event.OPENED, Event.DECIDED, Event.STALE, Event.EXPIRING

Listener = Callable[[Event, ChangeRequest, dict[str, Any]], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> Listener:
    _listeners.append(listener)
    return listener


def announce(event: Event, request: ChangeRequest, **details: Any) -> None:
    for listener in _listeners:
        listener(event, request, details)
