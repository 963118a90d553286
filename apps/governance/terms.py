"""What a policy asks for: the document of a revision, in YAML in a file and as JSON in its row.

models: ["fraud-*"]
protects: {stage: [Production], alias: [champion], delete: ["*"]}
approvals: 2
slots: {Risk: 1, IT: 1}
excluded: ["team:Contractors"]
gates:
  - metric_at_least: {metric: accuracy, value: 0.9}
  - signature_present
open_for_days: 14
holds_for_days: 180
when_expired: flag
break_glass: [On-call]
ratify_within_hours: 24
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from apps.governance.choices import WhenExpired
from mlregistry.errors import InvalidParameter

MOST = 100
"""Entries of any list in a policy, approvals and days of any duration times 36.5."""
LONGEST_DAYS = 3650
USER, TEAM = "user:", "team:"


class GateTerms(msgspec.Struct, frozen=True):
    """A gate that must pass, and what it is to look at."""

    name: str
    terms: Mapping[str, Any] = {}

    @property
    def key(self) -> str:
        return f"{self.name} {msgspec.json.encode(self.terms, order='sorted').decode()}"

    def written(self) -> Any:
        """As people write it."""
        return {self.name: dict(self.terms)} if self.terms else self.name


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The document of a policy; see this module. Patterns are shell globs: `*`, `?` and `[…]`, case counts."""

    models: tuple[str, ...] = ("*",)
    protects: Mapping[str, tuple[str, ...]] = {}
    approvals: int = 1
    slots: Mapping[str, int] = {}
    reviewers: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    gates: tuple[Any, ...] = ()
    open_for_days: int = 14
    holds_for_days: int | None = None
    when_expired: WhenExpired = WhenExpired.FLAG
    break_glass: tuple[str, ...] = ()
    ratify_within_hours: int = 24
    description: str = ""

    @property
    def needed(self) -> int:
        """Votes that it takes in all: the slots, and what `approvals` asks beyond them."""
        return max(self.approvals, sum(self.slots.values()))

    @property
    def reviewing_teams(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.slots, *self.reviewers)))

    @property
    def named_teams(self) -> tuple[str, ...]:
        """Every team that it names, whatever for."""
        excluded = (name.removeprefix(TEAM) for name in self.excluded if name.startswith(TEAM))
        return tuple(dict.fromkeys((*self.reviewing_teams, *self.break_glass, *excluded)))

    def required_gates(self) -> tuple[GateTerms, ...]:
        return tuple(_gate(written) for written in self.gates)

    def covers_object(self, names: Iterable[str]) -> bool:
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.models)

    def protects_any(self, doors: Iterable[tuple[str, str]]) -> bool:
        """Whether one of these (word, target) pairs, such as ("stage", "Production"), is protected."""
        return any(fnmatchcase(target, pattern) for word, target in doors for pattern in self.protects.get(word, ()))


def read_terms(document: Mapping[str, Any]) -> Terms:
    """The terms that a document says; `InvalidParameter` names the field that is wrong and what would be right."""
    try:
        terms = msgspec.convert(document, Terms)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"This policy cannot be read: {error}") from None
    if "\\x00" in repr(document).replace("\\\\", ""):  # as it is written there, and no backslash of its own before it
        raise InvalidParameter("A policy is text without null characters.")
    _check(terms)
    return terms


def written_terms(terms: Terms) -> dict[str, Any]:
    """The document of `terms`, without what is as by default."""
    written: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(terms))  # as the database gives it back
    return written


def is_weaker(new: Terms, before: Terms | None) -> bool:
    """Whether something could pass under `new` that `before` would have stopped; whoever wrote it is then set apart."""
    if before is None:
        return True
    wider = {key: set(patterns) for key, patterns in before.protects.items()}
    return (
        new.needed < before.needed
        or any(new.slots.get(team, 0) < count for team, count in before.slots.items())
        or bool(set(new.reviewing_teams) - set(before.reviewing_teams))
        or bool(set(before.excluded) - set(new.excluded))
        or bool({gate.key for gate in before.required_gates()} - {gate.key for gate in new.required_gates()})
        or bool(set(before.models) - set(new.models))
        or any(patterns - set(new.protects.get(key, ())) for key, patterns in wider.items())
        or bool(set(new.break_glass) - set(before.break_glass))
        or (not new.reviewing_teams and bool(before.reviewing_teams))
    )


def combined(terms: Sequence[Terms]) -> Terms:
    """What satisfies each of several policies that protect the same."""
    if len(terms) == 1:
        return terms[0]
    slots: dict[str, int] = {}
    for each in terms:
        for team, count in each.slots.items():
            slots[team] = max(count, slots.get(team, 0))
    gates = {gate.key: gate.written() for each in terms for gate in each.required_gates()}
    holding = [each.holds_for_days for each in terms if each.holds_for_days is not None]
    strictness = [WhenExpired.FLAG, WhenExpired.BLOCK, WhenExpired.REMOVE]
    return Terms(
        approvals=max((each.needed for each in terms), default=0),
        slots=slots,
        reviewers=tuple(dict.fromkeys(team for each in terms for team in each.reviewers)),
        excluded=tuple(dict.fromkeys(name for each in terms for name in each.excluded)),
        gates=tuple(gates.values()),
        open_for_days=min(each.open_for_days for each in terms),
        holds_for_days=min(holding, default=None),
        when_expired=max((each.when_expired for each in terms), key=strictness.index),
        break_glass=tuple(team for team in terms[0].break_glass if all(team in each.break_glass for each in terms)),
        ratify_within_hours=min(each.ratify_within_hours for each in terms),
    )


def _gate(written: Any) -> GateTerms:
    if isinstance(written, str):
        return GateTerms(written)
    if isinstance(written, Mapping) and len(written) == 1:
        name, terms = next(iter(written.items()))
        if isinstance(name, str) and isinstance(terms, Mapping | None):
            return GateTerms(name, dict(terms or {}))
    raise InvalidParameter(
        f"A gate is written as its name, or as its name with what it looks at, such as"
        f" {{metric_at_least: {{metric: accuracy, value: 0.9}}}}; not as {written!r}."
    )


def _check(terms: Terms) -> None:
    if not terms.models or not all(terms.models):
        raise InvalidParameter('A policy says which models it is for: names or patterns; "*" is all of them.')
    if not any(terms.protects.values()):
        raise InvalidParameter("A policy says what it protects, such as {stage: [Production], alias: [champion]}.")
    _between("approvals", terms.approvals, 1, MOST)
    for team, count in terms.slots.items():
        _between(f"the slot of team {team}", count, 1, MOST)
    _between("open_for_days", terms.open_for_days, 1, LONGEST_DAYS)
    if terms.holds_for_days is not None:
        _between("holds_for_days", terms.holds_for_days, 1, LONGEST_DAYS)
    _between("ratify_within_hours", terms.ratify_within_hours, 1, 24 * LONGEST_DAYS)
    for name in terms.excluded:
        if not name.startswith((USER, TEAM)):
            raise InvalidParameter(f'Who is excluded is written "user:ada" or "team:Risk", not "{name}".')
    lists: Mapping[str, Sequence[Any]] = {
        "models": terms.models, "gates": terms.gates, "excluded": terms.excluded, "reviewers": terms.reviewers,
        "break_glass": terms.break_glass, "slots": tuple(terms.slots), "protects": tuple(terms.protects),
    }  # fmt: skip
    for field, entries in lists.items():
        if len(entries) > MOST:
            raise InvalidParameter(f"{field} has at most {MOST} entries, not {len(entries)}.")
    terms.required_gates()


def _between(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidParameter(f"{field} is between {least} and {most}, not {value}.")
