"""Automatic checks that a policy can ask for. The server has its own; teams add theirs by entry point:

    # pyproject.toml of a package that is installed beside the server
    [project.entry-points."mlregistry.gates"]
    fairness = "acme_gates:FairnessGate"

A gate says in a sentence what it saw. One that raises, or that cannot be loaded, counts as not passed. All of it is
told in docs/gates.md.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar

import msgspec

from apps.governance.actions import Action, Proposal, action_named
from apps.governance.terms import GateTerms, Terms
from mlregistry.errors import InvalidParameter
from mlregistry.printable import printable

logger = logging.getLogger(__name__)

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
    are run by a worker just before, outside of transactions, and see to it themselves that they end in time."""
    looks_back: ClassVar[bool] = True
    """Whether a dry run can have a quick one look at earlier changes: what it compares with is not gone by then."""

    @abstractmethod
    def look(self, judged: Judged, terms: Any) -> Verdict:
        """Look at it now. Writes nothing."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Gates of packages that are installed beside the server, and why the others of them cannot be used."""

    gates: Mapping[str, Gate]
    broken: Mapping[str, str]
    """A sentence for each name of an entry point."""


_gates: dict[str, Gate] = {}


def add_gate(gate: Gate) -> None:
    if _gates.setdefault(gate.name, gate) is not gate:
        raise ValueError(f"there is a gate {gate.name} already")


@cache
def brought() -> Brought:
    """What the entry points bring, looked at once. A broken one takes nothing down but the requests that need it."""
    gates: dict[str, Gate] = {}
    broken: dict[str, str] = {}
    for entry in entry_points(group=GROUP):
        if entry.name in _gates:
            broken[entry.name] = f"Gate {entry.name} of {_package(entry)} is not used: the server has one of that name."
        elif entry.name in gates or entry.name in broken:
            gates.pop(entry.name, None)
            broken[entry.name] = f"Gate {entry.name} is not used: more than one package brings it."
        else:
            try:
                gates[entry.name] = _loaded(entry)
            except (Exception, SystemExit) as error:  # whatever somebody's module dies of
                logger.exception("gate %s cannot be loaded", entry.name)
                why = f"{type(error).__name__}: {error}"
                broken[entry.name] = f"Gate {entry.name} of {_package(entry)} cannot be loaded: {printable(why, 500)}"
    return Brought(gates, broken)


def every_gate() -> dict[str, Gate]:
    return {**brought().gates, **_gates}


def gate_named(name: str) -> Gate:
    found = _gates.get(name) or brought().gates.get(name)
    if found is not None:
        return found
    raise InvalidParameter(
        brought().broken.get(name)
        or f"There is no gate '{printable(name)}'. Gates are: {', '.join(sorted(every_gate()))}."
    )


def _loaded(entry: EntryPoint) -> Gate:
    gate = entry.load()()
    if not isinstance(gate, Gate):
        raise TypeError(f"{entry.value} is no apps.governance.gates.Gate")
    if gate.name != entry.name:
        raise ValueError(f"the gate is named {gate.name!r}; its entry point has to have the same name")
    if not issubclass(gate.Terms, msgspec.Struct):
        raise TypeError(f"Terms of {entry.value} is no msgspec.Struct")
    return gate


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


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
