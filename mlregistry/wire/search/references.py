"""The left side of a comparison: which entity, which key."""

import re

from mlregistry.errors import InvalidParameter
from mlregistry.wire.search.grammar import Entity, Grammar
from mlregistry.wire.search.scanner import WORD, Scanner, quotation, suggestion

KEY = re.compile(r"[\w.]+(?:::[\w.]+)*(?:\[[^\[\]]*\])*(?:\([^()]*\))?")
NUMERIC = re.compile(r"\d+(?:e\d+)?|0x[\da-f]+", re.ASCII | re.IGNORECASE)
# Words that MLflow's server takes for something else even in the middle of a key.
RESERVED = frozenset({"AS", "CASE", "FROM", "IN", "USING", "VALUES"})
JOINERS = frozenset({"OR", "NOT", "XOR"})
BACKTICKED = 2


def reference(scanner: Scanner, grammar: Grammar) -> tuple[Entity, str]:
    """The entity and the key named here, unquoted; moves behind them."""
    start = scanner.position
    quoted = scanner.next in ("`", '"')
    head = scanner.take_quoted() if quoted else scanner.take(WORD)
    if not head:
        raise scanner.refuse(f"expected a key, such as {_example(grammar)}")
    if scanner.next != ".":
        return grammar.bare, head[1:-1] if quoted else head
    prefix = head.strip("`")
    entity = grammar.by_prefix.get(prefix)
    if entity is None:
        raise scanner.refuse(
            f"unknown entity {quotation(prefix)}" + suggestion(prefix, list(grammar.by_prefix)), at=start
        )
    scanner.position += 1
    return entity, _key(scanner, entity, prefix)


def unknown_key(scanner: Scanner, entity: Entity, key: str, valid: list[str], *, at: int) -> InvalidParameter:
    """The complaint about a key that does not exist here; `valid` are those that do."""
    if key.upper() in JOINERS:
        return scanner.refuse(f"{key.upper()} is not understood; comparisons are joined by AND only", at=at)
    return scanner.refuse(f"unknown {entity.kind} {quotation(key)}" + suggestion(key, valid), at=at)


def _key(scanner: Scanner, entity: Entity, prefix: str) -> str:
    if scanner.next in ("`", '"', "'"):
        return _unquoted(scanner.take_quoted())
    start = scanner.position
    key = scanner.take(KEY)
    if key in entity.namespaces and scanner.next in ("`", '"', "'"):
        return key + _unquoted(scanner.take_quoted())
    if not key:
        raise scanner.refuse(f"expected a key after {prefix!r} and its dot; quote odd ones: {prefix}.`my key`")
    for part in key.split("."):
        if part.upper() in RESERVED or NUMERIC.fullmatch(part):
            raise scanner.refuse(f"a key with {part!r} in it needs backticks: {prefix}.`{key}`", at=start)
    return key


def _unquoted(taken: str) -> str:
    """The key in its quotes; backticks may stand inside other quotes."""
    key = taken[1:-1]
    if taken[0] != "`" and len(key) >= BACKTICKED and key[0] == key[-1] == "`":
        return key[1:-1]
    return key


def _example(grammar: Grammar) -> str:
    return " or ".join([next(iter(grammar.bare.fields)), *(f"{e.prefixes[-1]}.key" for e in grammar.entities[1:3])])
