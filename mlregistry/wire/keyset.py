"""Keyset paging: the next page begins behind the last row of this one, however many rows have been added since.

    RUNS = (Term("start_time", int, ascending=False), Term("uuid", str))
    page = fetch_page(runs, terms=RUNS, limit=100, token=token, question=[filter, order_by, experiment_ids])

`select_page` is the same for a statement made by hand, where building a queryset takes longer than answering it.

Rows without a value come last whichever the direction, as MLflow has it. Text is compared as its column compares it,
in the order and in the condition alike; for another order give `Collate(…)` as the expression.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import BooleanField, Case, Expression, F, IntegerField, Model, OrderBy, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from mlregistry.errors import InvalidParameter
from mlregistry.wire import pages
from mlregistry.wire.sql import Sql

M = TypeVar("M", bound=Model)
R = TypeVar("R")

INT64 = 2**63
INFINITIES = {"Infinity": math.inf, "-Infinity": -math.inf}
PRESENT, INCOMPARABLE, MISSING = range(3)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to sort by: a field's name or an ORM expression, never a user's words; in a `Statement`, SQL.

    `holds` is the type of its values: int, float, str or datetime. `nullable` says that a row may have none.
    `incomparable` is true of rows whose value has no place in the order (NaN): they come behind those that have one
    and before those without, and only the terms that follow tell them apart.
    """

    expression: str | Combinable
    holds: type
    ascending: bool = True
    nullable: bool = False
    incomparable: Q | str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    rows: list[R]
    next_page_token: str
    """Empty on the last page."""


def fetch_page(queryset: QuerySet[M], *, terms: Sequence[Term], limit: int, token: str, question: Any) -> Page[M]:
    """At most `limit` rows behind `token`, sorted by `terms`, the last of which must be unique and never missing.

    `question` is whatever else the answer depends on, and who asks need not be part of it: `queryset` must hold
    nothing that the caller may not see. A token of another question is refused.
    """
    keys = _distinct(terms)
    places = _places(keys, pages.decode(token, question=question, length=2 * len(keys)))
    queryset, names = _sorted(queryset, keys)
    if places:
        queryset = queryset.filter(_Behind(keys, names, places))
    if limit == 0:
        return Page([], token)
    rows = list(queryset[: limit + 1])
    if len(rows) <= limit:
        return Page(rows, "")
    position = _position([getattr(rows[limit - 1], name) if name else None for name in names])
    return Page(rows[:limit], pages.encode(position, question=question))


@dataclass(frozen=True, slots=True)
class Statement(Generic[R]):
    """SELECT `columns` FROM `source` WHERE `condition`, which may be empty; `row` takes what the columns hold."""

    columns: str
    source: Sql
    condition: Sql
    row: Callable[..., R]


def select_page(statement: Statement[R], *, terms: Sequence[Term], limit: int, token: str, question: Any) -> Page[R]:
    """`fetch_page` of what `statement` selects."""
    keys = _distinct(terms)
    places = _places(keys, pages.decode(token, question=question, length=2 * len(keys)))
    if limit == 0:
        return Page([], token)
    columns = [_Column(term, Sql(str(term.expression)), _rank_sql(term)) for term in keys]
    selected = ", ".join(f"{column.value.text}, {column.rank.text or 'NULL'}" for column in columns)
    condition = statement.condition & _behind(columns, places)
    where = f" WHERE {condition.text}" if condition.text else ""
    sql = (
        f"SELECT {selected}, {statement.columns} FROM {statement.source.text}{where}"  # noqa: S608  in our own words
        f" ORDER BY {', '.join(map(_order_sql, columns))} LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, (*statement.source.parameters, *condition.parameters, limit + 1))
        found = cursor.fetchall()
    width = 2 * len(columns)
    rows = [statement.row(*row[width:]) for row in found[:limit]]
    if len(found) <= limit:
        return Page(rows, "")
    return Page(rows, pages.encode(_position(found[limit - 1][:width]), question=question))


def _distinct(terms: Sequence[Term]) -> list[Term]:
    """`terms` without those that repeat a field: they cannot change the order."""
    last = terms[-1]
    if last.nullable or last.incomparable is not None:
        raise ValueError("the last term breaks ties: it must be unique and never missing")
    found: list[Term] = []
    fields: set[str] = set()
    for term in terms:
        if isinstance(term.expression, str):
            if term.expression in fields:
                continue
            fields.add(term.expression)
        found.append(term)
    return found


def _sorted(queryset: QuerySet[M], terms: list[Term]) -> tuple[QuerySet[M], list[str]]:
    """The queryset in order, and what its rows call the value and the rank of each term; "" where there is no rank."""
    order: list[OrderBy] = []
    names: list[str] = []
    for number, term in enumerate(terms):
        plain = isinstance(term.expression, str) and "__" not in term.expression
        name, rank = str(term.expression) if plain else f"keyset_{number}", ""
        if not plain:
            expression = F(term.expression) if isinstance(term.expression, str) else term.expression
            queryset = queryset.annotate(**{name: expression})
        if term.incomparable is not None:
            rank = f"keyset_{number}_rank"
            queryset = queryset.annotate(**{rank: _rank(term, name)})
            order.append(F(rank).asc())
        nulls_last = _nulls_last(term) or None
        value = F(name)
        order.append(value.asc(nulls_last=nulls_last) if term.ascending else value.desc(nulls_last=nulls_last))
        names += [name, rank]
    return queryset.order_by(*order), names


def _rank(term: Term, name: str) -> Case:
    return Case(
        When(Q(**{f"{name}__isnull": True}), then=Value(MISSING)),
        When(term.incomparable, then=Value(INCOMPARABLE)),
        default=Value(PRESENT),
        output_field=IntegerField(),
    )


def _rank_sql(term: Term) -> Sql:
    if term.incomparable is None:
        return Sql()
    value, incomparable = term.expression, term.incomparable
    return Sql(f"CASE WHEN {value} IS NULL THEN {MISSING} WHEN {incomparable} THEN {INCOMPARABLE} ELSE {PRESENT} END")


def _order_sql(column: "_Column") -> str:
    direction = "ASC" if column.term.ascending else "DESC"
    value = f"{column.value.text} {direction}{' NULLS LAST' if _nulls_last(column.term) else ''}"
    return f"{column.rank.text}, {value}" if column.rank.text else value


def _nulls_last(term: Term) -> bool:
    """Whether the order must say so: a rank says it already."""
    return term.nullable and term.incomparable is None


@dataclass(frozen=True, slots=True)
class _Column:
    """A term in SQL."""

    term: Term
    value: Sql
    rank: Sql
    """What tells PRESENT, INCOMPARABLE and MISSING apart; empty where the value alone does."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands in one column."""

    rank: int
    value: Any


class _Behind(Expression):
    """`_behind` for querysets, whose columns have SQL when the query is compiled."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, terms: Sequence[Term], names: Sequence[str], places: Sequence[_Place]) -> None:
        super().__init__()
        self.terms, self.places = tuple(terms), tuple(places)
        self.columns: list[Any] = [F(name) if name else None for name in names]

    def get_source_expressions(self) -> list[Any]:
        return self.columns

    def set_source_expressions(self, expressions: Sequence[Any]) -> None:
        self.columns = list(expressions)

    def as_sql(self, compiler: Any, connection: Any) -> Sql:
        compiled = [Sql() if column is None else compiler.compile(column) for column in self.columns]
        written = [Sql(text, tuple(parameters)) for text, parameters in compiled]
        return _behind(list(map(_Column, self.terms, written[::2], written[1::2])), self.places)


def _behind(columns: Sequence[_Column], places: Sequence[_Place]) -> Sql:
    """The condition for rows that come after `places`; the empty one for the first page, which has none."""
    condition = Sql()
    if not places:
        return condition
    for column, place in reversed(list(zip(columns, places, strict=True))):
        beyond = _beyond(column, place)
        condition = beyond | (_level(column, place) & condition) if condition.text else beyond
    first, place = columns[0], places[0]
    if not first.term.nullable and not first.rank.text:
        # Says nothing new, but it is a range that an index on the first column can be read from.
        condition = _is(first.value, ">=" if first.term.ascending else "<=", place.value) & condition
    return condition


def _beyond(column: _Column, place: _Place) -> Sql:
    """Rows that this column alone puts behind `place`; the empty condition if there are none."""
    if place.rank == MISSING:
        return Sql()
    further = _is(column.value, ">" if column.term.ascending else "<", place.value)
    if column.rank.text:
        lower = _is(column.rank, ">", place.rank)
        return lower | (_is(column.rank, "=", PRESENT) & further) if place.rank == PRESENT else lower
    return further | _missing(column) if column.term.nullable else further


def _level(column: _Column, place: _Place) -> Sql:
    """Rows that this column puts beside `place`."""
    if column.rank.text:
        same = _is(column.rank, "=", place.rank)
        return same & _is(column.value, "=", place.value) if place.rank == PRESENT else same
    return _is(column.value, "=", place.value) if place.rank == PRESENT else _missing(column)


def _is(column: Sql, operator: str, value: Any) -> Sql:
    return Sql(f"{column.text} {operator} %s", (*column.parameters, value))


def _missing(column: _Column) -> Sql:
    return Sql(f"{column.value.text} IS NULL", column.value.parameters)


def _position(values: Sequence[Any]) -> list[Any]:
    """Where a row with these values and ranks stands, as JSON: a rank and a value for each column."""
    position: list[Any] = []
    for value, rank in zip(values[::2], values[1::2], strict=True):
        known = (MISSING if value is None else PRESENT) if rank is None else rank
        position += [known, _encoded(value) if known == PRESENT else None]
    return position


def _encoded(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value.isoformat() if isinstance(value, datetime) else value


def _places(terms: Sequence[Term], position: list[Any] | None) -> list[_Place]:
    """The places in a token's `position`, which anybody may have written; none where there is no token."""
    if position is None:
        return []
    places = []
    for term, rank, value in zip(terms, position[::2], position[1::2], strict=True):
        known = {PRESENT} | ({MISSING} if term.nullable else set()) | ({INCOMPARABLE} if term.incomparable else set())
        if type(rank) is not int or rank not in known:
            raise InvalidParameter(pages.INVALID)
        places.append(_Place(rank, _decoded(term.holds, value) if rank == PRESENT else None))
    return places


def _decoded(holds: type, value: Any) -> Any:
    if holds is int and type(value) is int and -INT64 <= value < INT64:
        return value
    if holds is float and (type(value) in (int, float) or value in INFINITIES):
        return INFINITIES[value] if isinstance(value, str) else float(value)
    if holds is str and isinstance(value, str) and "\0" not in value:
        return value
    if holds is datetime and isinstance(value, str):
        try:
            return connection.ops.adapt_datetimefield_value(datetime.fromisoformat(value))
        except ValueError:
            raise InvalidParameter(pages.INVALID) from None
    raise InvalidParameter(pages.INVALID)
