"""What a notice says: one sentence that says it all, and where there is more to say, that."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.governance.announcing import Event
from apps.governance.choices import State
from apps.governance.models import ChangeRequest
from mlregistry.printable import printable

SENTENCE, DETAIL = 300, 1000
Details = Mapping[str, Any]

_OUTCOMES = {
    State.APPLIED: "Done: {summary}",
    State.REJECTED: "Rejected by {by}: {summary}",
    State.CANCELLED: "Withdrawn by {by}: {summary}",
    State.EXPIRED: "Expired without a decision: {summary}",
    State.FAILED: "Could not be done: {summary}",
}


def sentence_of(event: Event, request: ChangeRequest, details: Details) -> str:
    """On one line, whatever names it holds: it becomes the subject of an e-mail."""
    said = _SENTENCES[event](request, details)
    return printable(" ".join(said.split()), SENTENCE)


def detail_of(event: Event, request: ChangeRequest, details: Details) -> str:
    """Why it was asked for, or why it ended so."""
    if event in (Event.DECIDED, Event.STALE, Event.TAKEN_BACK):
        said = request.outcome
    elif event in (Event.NEEDS_YOU, Event.OPENED, Event.BREAK_GLASS, Event.EXPIRING):
        said = request.reason
    else:
        said = ""
    return said if len(said) <= DETAIL else f"{said[:DETAIL]}…"


def distinct_of(event: Event, request: ChangeRequest, details: Details) -> str:
    """What, beside the event and the request, makes it another notice."""
    if event in (Event.COMMENTED, Event.MENTIONED):
        return str(details["comment"])
    if event is Event.REVALIDATION_DUE:
        return str(details["days"])
    return str(request.state) if event is Event.DECIDED else ""


def fragment_of(event: Event) -> str:
    """Where on the page of the request it is."""
    return "#comments" if event in (Event.COMMENTED, Event.MENTIONED) else ""


def _decided(request: ChangeRequest, details: Details) -> str:
    return _OUTCOMES[State(request.state)].format(summary=request.summary, by=details.get("by") or request.ended_by)


def _due(request: ChangeRequest, details: Details) -> str:
    days = details["days"]
    if not days:
        return f"The approval has run out: {request.summary}"
    return f"The approval runs out {'tomorrow' if days == 1 else f'in {days} days'}: {request.summary}"


_SENTENCES: dict[Event, Callable[[ChangeRequest, Details], str]] = {
    Event.OPENED: lambda request, _: f"{request.requester} asked to {request.summary}",
    Event.NEEDS_YOU: lambda request, _: f"Needs your vote: {request.summary}",
    Event.DECIDED: _decided,
    Event.STALE: lambda request, _: f"Stale, its votes are void: {request.summary}",
    Event.EXPIRING: lambda request, _: f"Ends within a day, undecided: {request.summary}",
    Event.BREAK_GLASS: lambda request, _: f"{request.requester} broke glass, to be ratified: {request.summary}",
    Event.REVALIDATION_DUE: _due,
    Event.COMMENTED: lambda request, details: f"{details['by']} commented on: {request.summary}",
    Event.MENTIONED: lambda request, details: f"{details['by']} mentioned you: {request.summary}",
    Event.TAKEN_BACK: lambda request, _: f"Taken back: {request.summary}",
}
