"""Orders: what results are sorted by, and in which direction."""

from collections.abc import Iterable

from mlregistry.errors import InvalidParameter
from mlregistry.wire.search.grammar import Entity, Grammar, canonical
from mlregistry.wire.search.references import reference, unknown_key
from mlregistry.wire.search.scanner import WORD, Scanner, quotation, suggestion
from mlregistry.wire.search.syntax import Ordering

MAX_ORDERINGS = 20
DIRECTIONS = {"ASC": True, "DESC": False}


def parse_order_by(clauses: Iterable[str], grammar: Grammar) -> tuple[Ordering, ...]:
    """What each clause (`metrics.loss DESC`) orders by, the most important first. Raises `InvalidParameter`."""
    return distinct((_parse(clause, grammar) for clause in clauses), grammar)


def parse_order_field(name: str, *, ascending: bool, grammar: Grammar) -> Ordering:
    """An ordering given as a field's name and a direction; a key after `metrics.` is taken as it is, unquoted."""
    prefix, dot, key = name.partition(".")
    entity = grammar.by_prefix.get(prefix) if dot else grammar.bare
    if entity is None:
        orderable = [prefix for prefix, entity in grammar.by_prefix.items() if entity.orders or entity.orders_any]
        raise InvalidParameter(f"Invalid order by field name: {quotation(name)}" + suggestion(prefix, orderable) + ".")
    return _ordering(Scanner(name, subject="order_by"), entity, key if dot else name.strip(), ascending=ascending)


def distinct(orderings: Iterable[Ordering], grammar: Grammar) -> tuple[Ordering, ...]:
    """`orderings` without those that name a key again, where the grammar lets them."""
    found: dict[tuple[str, str], Ordering] = {}
    for ordering in orderings:
        named = (ordering.kind, ordering.key)
        if named not in found:
            found[named] = ordering
        elif not grammar.repeats:
            raise InvalidParameter(f"`order_by` contains duplicate fields: {quotation(ordering.key)} is named twice.")
        if len(found) > MAX_ORDERINGS:
            raise InvalidParameter(f"`order_by` may name {MAX_ORDERINGS} fields at most.")
    return tuple(found.values())


def _parse(clause: str, grammar: Grammar) -> Ordering:
    scanner = Scanner(clause, subject=f"order_by clause {quotation(clause)}")
    if not scanner.skip_space():
        raise scanner.refuse("it is empty")
    start = scanner.position
    entity, name = reference(scanner, grammar)
    end = scanner.position
    ascending = True
    if scanner.skip_space():
        place = scanner.position
        word = scanner.take(WORD)
        if place == end or word.upper() not in DIRECTIONS:
            raise scanner.refuse(
                "expected ASC, DESC or nothing after the key; one clause names one key, in backticks if it is odd",
                at=place,
            )
        ascending = DIRECTIONS[word.upper()]
        if scanner.skip_space():
            raise scanner.refuse("nothing may follow the direction; one clause names one key")
    scanner.position = start
    return _ordering(scanner, entity, name, ascending=ascending)


def _ordering(scanner: Scanner, entity: Entity, name: str, *, ascending: bool) -> Ordering:
    field = entity.orders.get(name)
    if field is not None:
        return Ordering(field.kind or entity.kind, field.key or name, ascending)
    if entity.orders_any:
        return Ordering(entity.kind, name, ascending)
    if not entity.orders:
        raise scanner.refuse(f"results cannot be ordered by a {entity.kind}")
    raise unknown_key(scanner, entity, name, canonical(entity.orders), at=scanner.position)
