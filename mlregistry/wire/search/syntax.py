"""What a search says once it is understood."""

from enum import StrEnum

import msgspec

Value = str | int | float | tuple[str, ...] | tuple[int, ...] | None
"""Text, a number, a list, or nothing (IS NULL, IS NOT NULL)."""


class Operator(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    RLIKE = "RLIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"

    __hash__ = str.__hash__  # an enum's own is written in Python, and every clause looks its operator up


class Comparison(msgspec.Struct, frozen=True):
    """One clause of a filter, under the grammar's own names: `Comparison("metric", "loss", Operator.LESS, 0.5)`."""

    kind: str
    key: str
    operator: Operator
    value: Value


class Ordering(msgspec.Struct, frozen=True):
    """One clause of an order."""

    kind: str
    key: str
    ascending: bool
