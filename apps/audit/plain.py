"""Details as the database gives them back.

A hash over JSON holds only if what is read equals what was written. PostgreSQL rewrites numbers (1e16 becomes an
integer) and refuses NUL and lone surrogates, which a failed sign-in may well contain; so details are brought to a form
that every database keeps as it is.
"""

import json
import math
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any


def plain(value: Any) -> Any:  # noqa: PLR0911  one line for each kind of value
    """`value` as strings, integers, fractions, booleans, None, lists and dictionaries with string keys."""
    match value:
        case None | bool():
            return value
        case Enum():
            return plain(value.value) if isinstance(value.value, str) else value.name
        case int():
            return int(value)
        case float():
            return _number(value)
        case str():
            return text(value)
        case Mapping():
            return {text(str(key)): plain(item) for key, item in value.items()}
        case Iterable() if not isinstance(value, bytes):
            return [plain(item) for item in value]
    return text(str(value))


def canonical(value: Any) -> bytes:
    """JSON of which there is one for each value, for hashes and signatures: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def text(value: str, longest: int | None = None) -> str:
    """`value` without what a database refuses, cut to `longest` characters."""
    return value.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()[:longest]


def _number(value: float) -> int | float | str:
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() else float(value)
