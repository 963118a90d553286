"""Filters: comparisons joined by AND."""

import re
from functools import lru_cache

from mlregistry.wire.search.grammar import Comparisons, Entity, Grammar, canonical
from mlregistry.wire.search.references import reference, unknown_key
from mlregistry.wire.search.scanner import WORD, Scanner, quotation, shortened
from mlregistry.wire.search.syntax import Comparison, Operator

MAX_CLAUSES = 100
REMEMBERED = 1024
LONGEST_REMEMBERED = 1_000
"""Characters. Longer texts are lists of ids that nobody sends twice."""

SYMBOLS = re.compile(r"[<>=~!]+")
WORDS = re.compile(r"(?:NOT\s+)?(?:IN|LIKE|ILIKE|RLIKE)\b|IS\s+(?:NOT\s+)?NULL\b", re.IGNORECASE)
OPERATORS = {operator.value: operator for operator in Operator}
MEANT = {"==": "=", "<>": "!=", "=<": "<=", "=>": ">=", "!": "!="}


def parse_filter(text: str, grammar: Grammar) -> tuple[Comparison, ...]:
    """The comparisons of `text`, all of which must hold; none for an empty text. Raises `InvalidParameter`."""
    if not text:
        return ()
    return _remembered(text, grammar) if len(text) <= LONGEST_REMEMBERED else _parse(text, grammar)


def _parse(text: str, grammar: Grammar) -> tuple[Comparison, ...]:
    scanner = Scanner(text, subject="filter")
    if not scanner.skip_space():
        raise scanner.refuse("it holds nothing but white space; leave it out to find everything")
    found: list[Comparison] = []
    while scanner.skip_space():
        if _take_and(scanner):
            continue
        if len(found) == MAX_CLAUSES:
            raise scanner.refuse(f"at most {MAX_CLAUSES} comparisons may be joined")
        found.append(_clause(scanner, grammar))
    return tuple(found)


_remembered = lru_cache(maxsize=REMEMBERED)(_parse)


def _take_and(scanner: Scanner) -> bool:
    """Step over AND. MLflow's server lets it be left out, repeated, or stand at either end."""
    if scanner.next not in ("A", "a"):
        return False
    word = scanner.peek(WORD)
    after = scanner.position + len(word)
    if word.upper() != "AND" or scanner.text[after : after + 1] == ".":
        return False
    scanner.position = after
    return True


def _clause(scanner: Scanner, grammar: Grammar) -> Comparison:
    start = scanner.position
    entity, name = reference(scanner, grammar)
    field = entity.fields.get(name)
    comparisons = field.comparisons if field else entity.comparisons_of(name)
    if comparisons is None:
        valid = [*canonical(entity.fields), *(f"{namespace}<name>" for namespace in entity.namespaces)]
        raise unknown_key(scanner, entity, name, valid, at=start)
    operator = _operator(scanner, entity, name, comparisons, start)
    scanner.skip_space()
    value = comparisons[operator](scanner)
    if field is None:
        return Comparison(entity.kind, name, operator, value)
    return Comparison(field.kind or entity.kind, field.key or name, operator, value)


def _operator(scanner: Scanner, entity: Entity, name: str, comparisons: Comparisons, start: int) -> Operator:
    scanner.skip_space()
    place = scanner.position
    taken = scanner.take(SYMBOLS) or " ".join(scanner.take(WORDS).upper().split())
    operator = OPERATORS.get(taken)
    if operator is not None and operator in comparisons:
        return operator
    valid = ", ".join(allowed.value for allowed in comparisons)
    what = f"{entity.kind} {quotation(name)}"
    if taken in MEANT:
        raise scanner.refuse(f"{taken!r} is not an operator; write {MEANT[taken]!r}", at=place)
    if taken:
        raise scanner.refuse(f"{what} cannot be compared with {shortened(taken)}; use one of {valid}", at=place)
    written = scanner.text[start:place].rstrip()
    hint = ""
    if place < len(scanner.text) and place == start + len(written):
        hint = ", and put a key with odd characters in backticks, such as metrics.`my key`"
    raise scanner.refuse(f"expected an operator after {quotation(written)}: one of {valid}{hint}", at=place)
