"""What a policy would have stopped: its gates and rules, replayed over changes that were made. Writes nothing.

The gates look at what is there now, which for an old change may be more or less than was there then. Those that take
their time or call others are left out, and so are those that compare with what was there at the time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any

from apps.accounts import permissions
from apps.governance.actions import Action, Past, action_named, every_action
from apps.governance.choices import GateVerdict, State
from apps.governance.gates import Judged, gate_named
from apps.governance.models import ChangeRequest
from apps.governance.services.gates import ask_gate
from apps.governance.terms import GateTerms, Terms
from mlregistry.actor import Actor
from mlregistry.errors import RegistryError

MOST = 200
"""Changes that are looked at, the latest first."""
EXAMPLES = 3


@dataclass(slots=True)
class GateTally:
    """What one gate would have stopped."""

    gate: GateTerms
    stopped: int = 0
    examples: list[str] = field(default_factory=list)
    """What was to be done, and what the gate says of it now."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A change that gates would have stopped."""

    summary: str
    address: str
    username: str
    time: Any
    why: list[tuple[str, str]]
    """Each gate that would have, and what it says."""


@dataclass(frozen=True, slots=True)
class DryRun:
    looked_at: int
    stopped: int
    """Changes that at least one gate would have stopped."""
    gates: list[GateTally]
    left_out: list[str]
    """Gates that cannot look at earlier changes."""
    own_work: int
    """Changes made by somebody who had a hand in what they were about."""
    waiting: int
    """Changes that nobody else had approved: they would have waited for that."""
    is_all: bool
    """Whether these are all such changes that are on record; else there are older ones."""
    changes: list[Stopped] = field(default_factory=list)
    """Those that would have been stopped, the latest first."""

    def __str__(self) -> str:
        if not self.looked_at:
            return "Nothing is on record that this policy would have protected."
        because = "; ".join(
            f"{tally.gate.name} {tally.stopped} ({tally.examples[0]})" for tally in self.gates if tally.stopped
        )
        return (
            f"Would have stopped {self.stopped} of {self.looked_at}{f', because: {because}' if because else ''}."
            f" {self.own_work} were made by people who had a hand in what they changed, and {self.waiting} would have"
            " waited for approval."
        )


def dry_run(*, terms: Terms, by: Actor) -> DryRun:
    """Replay the terms of a draft, for administrators."""
    permissions.require_admin(by)
    found = list(islice(_past(terms), MOST + 1))
    past = found[:MOST]
    tallies, left_out = _sorted(terms)
    changes, own_work = [], 0
    for each in past:
        action = action_named(each.proposal.action)
        if why := [(tally.gate.name, said) for tally in tallies if (said := _stopped(tally, action, each))]:
            changes.append(_told(action, each, why))
        own_work += any(one.username == each.username for one in action.contributors(each.proposal))
    return DryRun(
        looked_at=len(past),
        stopped=len(changes),
        gates=tallies,
        left_out=left_out,
        own_work=own_work,
        waiting=len(past) - _approved(past),
        is_all=len(found) <= MOST,
        changes=changes,
    )


def _past(terms: Terms) -> Iterable[Past]:
    """Changes to what the terms protect, newest first."""
    histories = [
        action.history(terms.models, terms.protects[action.word])
        for action in every_action()
        if terms.protects.get(action.word)
    ]
    return merge(*histories, key=lambda past: past.time, reverse=True)


def _sorted(terms: Terms) -> tuple[list[GateTally], list[str]]:
    tallies, left_out = [], []
    for asked in terms.required_gates():
        try:
            gate = gate_named(asked.name)
            looks = gate.is_quick and gate.looks_back
        except RegistryError:
            looks = True  # it stops everything, and says why
        if looks:
            tallies.append(GateTally(asked))
        else:
            left_out.append(asked.name)
    return tallies, left_out


def _told(action: Action, past: Past, why: list[tuple[str, str]]) -> Stopped:
    proposal = past.proposal
    return Stopped(action.describe(proposal), action.address(proposal), past.username, past.time, why)


def _stopped(tally: GateTally, action: Action, past: Past) -> str:
    """What the gate says against it; empty where it lets it pass."""
    said = ask_gate(tally.gate, Judged(past.proposal, action.subject(past.proposal)))
    if said.verdict == GateVerdict.PASSED:
        return ""
    tally.stopped += 1
    if len(tally.examples) < EXAMPLES:
        tally.examples.append(f"{action.describe(past.proposal)}: {said.sentence}")
    return said.sentence or f"It says: {said.verdict}."


def _approved(past: list[Past]) -> int:
    """How many of them a change request applied."""
    applied = ChangeRequest.objects.filter(state=State.APPLIED)
    subjects = {each.proposal.subject_id for each in past}
    known: set[tuple[Any, ...]] = set(
        applied.filter(subject_id__in=subjects).values_list("action", "subject_id", "target")
    )
    return sum((each.proposal.action, each.proposal.subject_id, each.proposal.target) in known for each in past)
