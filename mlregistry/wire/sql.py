"""SQL in our own words, with the parameters that belong to it."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Sql(NamedTuple):
    """A condition; joined with `&` and `|` as Django's `Q` is, so the empty one says nothing. Values are parameters."""

    text: str = ""
    parameters: tuple[Any, ...] = ()

    def __and__(self, other: "Sql") -> "Sql":
        return self._joined("{} AND {}", other)

    def __or__(self, other: "Sql") -> "Sql":
        return self._joined("({} OR {})", other)

    def _joined(self, pattern: str, other: "Sql") -> "Sql":
        if not self.text or not other.text:
            return self if self.text else other
        return Sql(pattern.format(self.text, other.text), self.parameters + other.parameters)


def among(left: str, values: Iterable[Any], operator: str = "IN") -> Sql:
    """The SQL expression `left` is one of `values`; nothing is one of none."""
    given = tuple(values)
    places = ", ".join(["%s"] * len(given)) or "NULL"
    return Sql(f"{left} {operator} ({places})", given)


def concatenated(parts: Iterable[Sql]) -> Sql:
    """`parts` one after another, with a space between them."""
    found = list(parts)
    return Sql(" ".join(part.text for part in found), tuple(value for part in found for value in part.parameters))
