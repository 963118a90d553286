"""Two versions held against each other, part by part."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from apps.registry.content.requirements import parse_requirements
from mlregistry.errors import InvalidParameter

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"
MOST_ROWS = 500
"""Lines of one part that a page shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing as either version has it; None where it has no such thing."""

    name: str
    left: Any
    right: Any
    delta: float | None = None
    """How much more the right one is, for what is measured."""

    @property
    def how(self) -> str:
        if self.left is None:
            return ADDED
        if self.right is None:
            return REMOVED
        return SAME if _is_same(self.left, self.right) else CHANGED

    @property
    def percent(self) -> float | None:
        return self.delta / abs(self.left) * 100 if self.delta is not None and self.left else None


@dataclass(frozen=True, slots=True)
class Part:
    """What differs of one kind, and how much does not."""

    title: str
    rows: list[Row]
    same: int = 0
    more: int = 0
    """Differing rows that are not shown."""


def compared(title: str, left: Mapping[str, Any], right: Mapping[str, Any], *, keep_same: bool = False) -> Part:
    """The names that either has; those that are the same in both only where asked for."""
    rows = [_row(name, left.get(name), right.get(name)) for name in sorted({*left, *right})]
    shown = rows if keep_same else [row for row in rows if row.how != SAME]
    same = sum(row.how == SAME for row in rows)
    return Part(title, shown[:MOST_ROWS], same, max(0, len(shown) - MOST_ROWS))


def requirements_of(text: str) -> dict[str, str]:
    """What each package must be, by its canonical name; lines that were refused by themselves."""
    try:
        found = parse_requirements(text)
    except InvalidParameter as unreadable:
        return {"requirements.txt": unreadable.message}
    asked = {canonicalize_name(each.name): str(each)[len(each.name) :] or "any" for each in found.unpinned}
    asked |= {canonicalize_name(each.name): str(each)[len(each.name) :] for each in found.pinned}
    return asked | {line.line: "refused" for line in found.refused}


def schema_of(mlmodel: Mapping[str, Any] | None) -> dict[str, str]:
    """The type of each column and parameter, by what it is and its name."""
    signature = (mlmodel or {}).get("signature") or {}
    found = {}
    for part, called in (("inputs", "input"), ("outputs", "output"), ("params", "parameter")):
        for number, column in enumerate(signature.get(part, ()), start=1):
            found[f"{called} {column['name'] or number}"] = column_type(column)
    return found


def column_type(column: Mapping[str, Any]) -> str:
    """A column's type as people read it: `double`, `tensor of float32, -1 x 4`, `long, optional`."""
    words = str(column["type"])
    if column.get("dtype"):
        words += f" of {column['dtype']}"
    if column.get("shape"):
        words += f", {' x '.join(map(str, column['shape']))}"
    if "default" in column:
        return f"{words}, {column['default']} by default"
    return words if column.get("required", True) else f"{words}, optional"


def flavors_of(mlmodel: Mapping[str, Any] | None) -> dict[str, str]:
    """The plain settings of each flavor, by flavor and setting."""
    flavors = (mlmodel or {}).get("flavors") or {}
    found = {}
    for name, settings in flavors.items():
        found[name] = "yes"
        found |= {f"{name}.{key}": str(value) for key, value in settings.items()}
    return found


def _row(name: str, left: Any, right: Any) -> Row:
    return Row(name, left, right, _delta(left, right))


def _delta(left: Any, right: Any) -> float | None:
    numbers = isinstance(left, float) and isinstance(right, float)
    return right - left if numbers and math.isfinite(right - left) else None


def _is_same(left: Any, right: Any) -> bool:
    both_nan = isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right)
    return bool(both_nan or left == right)
