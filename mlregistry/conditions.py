"""Comparisons of the search language as SQL: the names of tables and columns are ours, a user gives only parameters.

Written by hand rather than with Django's lookups, which lack `<>` and patterns taken as they are written, and whose
subqueries take longer to build than the database takes to answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import BooleanField, Expression, F

from mlregistry.wire.search import Comparison, Operator
from mlregistry.wire.sql import Sql, among

_SAME_EVERYWHERE: Mapping[Operator, str] = {
    Operator.EQUAL: "{} = %s",
    Operator.NOT_EQUAL: "{} <> %s",
    Operator.LESS: "{} < %s",
    Operator.LESS_OR_EQUAL: "{} <= %s",
    Operator.GREATER: "{} > %s",
    Operator.GREATER_OR_EQUAL: "{} >= %s",
    Operator.IS_NULL: "{} IS NULL",
    Operator.IS_NOT_NULL: "{} IS NOT NULL",
}
# LIKE heeds case and ILIKE does not; there is no escape character.
_PATTERNS: Mapping[str, Mapping[Operator, str]] = {
    "postgresql": {Operator.LIKE: "{} LIKE %s ESCAPE ''", Operator.ILIKE: "{} ILIKE %s ESCAPE ''"},
    "sqlite": {Operator.LIKE: "{} GLOB %s", Operator.ILIKE: "{} LIKE %s"},  # SQLite's LIKE ignores case
}


def compared(left: str, comparison: Comparison, vendor: str) -> Sql:
    """The comparison of the SQL expression `left`. As in SQL, nothing but IS NULL is true of a null."""
    operator, value = comparison.operator, comparison.value
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return Sql(_SAME_EVERYWHERE[operator].format(left))
    if isinstance(value, tuple):
        return among(left, value, operator.value)
    if operator in _SAME_EVERYWHERE:
        return Sql(_SAME_EVERYWHERE[operator].format(left), (value,))
    if operator is Operator.LIKE and vendor == "sqlite":
        value = _as_glob(str(value))
    return Sql(_PATTERNS[vendor][operator].format(left), (value,))


def _as_glob(pattern: str) -> str:
    """The GLOB that matches what the LIKE pattern matches, with GLOB's own wildcards taken literally."""
    literal = "".join(f"[{character}]" if character in "*?[" else character for character in pattern)
    return literal.replace("%", "*").replace("_", "?")


class Condition(Expression):
    """Something that is true of a row or not, about one of the row's columns: for a queryset's `filter`, or, by
    `about`, for a statement made by hand."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, column: str) -> None:
        super().__init__()
        self.name = column
        self.column: Any = F(column)

    def sql(self, column: str, vendor: str) -> Sql:
        """What is true of `column`, which is SQL without parameters."""
        raise NotImplementedError

    def about(self, table: str, vendor: str) -> Sql:
        """What is true of a row of `table`, which is a name in the statement."""
        return self.sql(f"{table}.{self.name}", vendor)

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, expressions: Sequence[Any]) -> None:
        (self.column,) = expressions

    def as_sql(self, compiler: Any, connection: Any) -> Sql:
        column, _ = compiler.compile(self.column)
        return self.sql(column, connection.vendor)


class Compared(Condition):
    """A column compared with a value."""

    def __init__(self, column: str, comparison: Comparison) -> None:
        super().__init__(column)
        self.comparison = comparison

    def sql(self, column: str, vendor: str) -> Sql:
        return compared(column, self.comparison, vendor)


class Held(Condition):
    """A row has, in a side table, a row of its own under a key whose value compares so.

    `side` is the rest of the subquery, in our own words: "tracking_param s WHERE s.run_id = {} AND s.key = %s", where
    `{}` stands for the row's id and `%s` for `parameters`. `value` is the side table's column.
    """

    def __init__(self, side: str, parameters: Sequence[Any], value: str, comparison: Comparison) -> None:
        super().__init__("id")
        self.side = side
        self.parameters = tuple(parameters)
        self.value = value
        self.comparison = comparison

    def sql(self, column: str, vendor: str) -> Sql:
        rows = Sql(f"SELECT 1 FROM {self.side.format(column)}", self.parameters)  # noqa: S608  the side is ours
        operator = self.comparison.operator
        if operator not in (Operator.IS_NULL, Operator.IS_NOT_NULL):
            rows &= self._of_value(vendor)
        exists = "NOT EXISTS" if operator is Operator.IS_NULL else "EXISTS"
        return Sql(f"{exists}({rows.text})", rows.parameters)

    def _of_value(self, vendor: str) -> Sql:
        return compared(self.value, self.comparison, vendor)


class Measured(Held):
    """`Held` for metrics, whose NaN differs from everything and is nothing else."""

    def _of_value(self, vendor: str) -> Sql:
        condition = super()._of_value(vendor)
        if self.comparison.operator is Operator.NOT_EQUAL:
            return condition | Sql("s.is_nan")
        return condition & Sql("NOT s.is_nan")
