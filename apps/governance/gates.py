"""Automatic checks that a policy can ask for. The server has its own; teams add theirs by entry point:

    # pyproject.toml of a package that is installed beside the server
    [project.entry-points."mlregistry.gates"]
    fairness = "acme_gates:FairnessGate"

A gate says in a sentence what it saw. One that raises, or runs out of time, counts as not passed.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar

import msgspec

from apps.governance.actions import Action, Proposal, action_named
from apps.governance.terms import GateTerms, Terms
from mlregistry.errors import InvalidParameter

GROUP = "mlregistry.gates"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate saw: whether that is enough, and a sentence of evidence."""

    passed: bool
    sentence: str
    data: Mapping[str, Any] = field(default_factory=dict)


class NoTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For gates that need not be told anything."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a gate looks at: the proposal, and the object that it is about (a model version, for most actions)."""

    proposal: Proposal
    subject: Any

    @property
    def action(self) -> Action:
        return action_named(self.proposal.action)


class Gate(ABC):
    """One kind of check. `Terms` is a msgspec struct: what a policy tells it."""

    name: ClassVar[str]
    title: ClassVar[str]
    Terms: ClassVar[type[msgspec.Struct]] = NoTerms
    is_quick: ClassVar[bool] = True
    """Whether it only reads the database. Quick gates look again in the transaction that applies a request; others
    are run by a worker just before."""

    @abstractmethod
    def look(self, judged: Judged, terms: Any) -> Verdict:
        """Look at it now. Writes nothing."""


_gates: dict[str, Gate] = {}


def add_gate(gate: Gate) -> None:
    if _gates.setdefault(gate.name, gate) is not gate:
        raise ValueError(f"there is a gate {gate.name} already")


@cache
def _brought() -> dict[str, Gate]:
    """Gates of packages that are installed beside the server. One that cannot be loaded stops the server's start."""
    found = {}
    for entry in entry_points(group=GROUP):
        gate = entry.load()()
        if not isinstance(gate, Gate):
            raise TypeError(f"the entry point {entry.name} of {GROUP} is no Gate")
        found[gate.name] = gate
    return found


def every_gate() -> dict[str, Gate]:
    return {**_brought(), **_gates}


def gate_named(name: str) -> Gate:
    found = every_gate().get(name)
    if found is None:
        raise InvalidParameter(f"There is no gate '{name}'. Gates are: {', '.join(sorted(every_gate()))}.")
    return found


def read_gate_terms(asked: GateTerms) -> Any:
    """What a policy tells a gate, as the gate understands it; `InvalidParameter` where it does not."""
    try:
        return msgspec.convert(asked.terms, gate_named(asked.name).Terms)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"Gate {asked.name}: {error}") from None


def check_gates(terms: Terms) -> None:
    """Whether each gate that a policy asks for is known and told what it needs."""
    for asked in terms.required_gates():
        read_gate_terms(asked)
