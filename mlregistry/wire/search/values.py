"""Readers of the right side of a comparison: each takes one form of value from the text, or says what it expects."""

import re
from collections.abc import Callable

from mlregistry.wire.search.scanner import Scanner, quotation
from mlregistry.wire.search.syntax import Value

Reader = Callable[[Scanner], Value]

MAX_LISTED = 5_000
MAX_NESTED = 20
INT64 = 2**63
# An exponent has no plus sign and follows digits: MLflow's server reads neither `1e+5` nor `1.e5`.
NUMBER = re.compile(r"-?(?:\d++(?:\.\d++)?[eE]-?\d++|\d++(?:\.\d*+)?|\.\d++)(?![\w.])", re.ASCII)
INTEGER = re.compile(r"-?\d+", re.ASCII)
LOOSE_NUMBER = re.compile(r"[-+]?[\w.]+(?:[+-]\w+)?")
UNQUOTED = re.compile(r"\w[\w.]*")
# In a list a text is written as in Python.
LISTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
ESCAPE = re.compile(r"\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL)
SINGLE_ESCAPES = dict(
    zip("abfnrtv\\'\"\n", ("\a", "\b", "\f", "\n", "\r", "\t", "\v", "\\", "'", '"', ""), strict=True)
)
LAST_CODE_POINT = 0x10FFFF

Nested = str | tuple["Nested", ...]


def text(scanner: Scanner) -> str:
    """`'text'` or `"text"`; quotes inside stay as they are written."""
    if scanner.next not in ("'", '"'):
        raise scanner.refuse("expected a value in single or double quotes, such as 'my-value'")
    return scanner.take_quoted()[1:-1]


def number(scanner: Scanner) -> int | float:
    """A number: whole ones as int, and they must fit 64 bits."""
    start = scanner.position
    taken = scanner.take(NUMBER)
    if not taken:
        raise scanner.refuse("expected a number, such as 5, -0.5 or 1e-4, without quotes")
    return _whole(scanner, taken, start) if INTEGER.fullmatch(taken) else float(taken)


def decimal(scanner: Scanner) -> float:
    """A number as float, however it is written."""
    taken = scanner.take(NUMBER)
    if not taken:
        raise scanner.refuse("expected a number, such as 5, -0.5 or 1e-4, without quotes")
    return float(taken)


def integer(scanner: Scanner) -> int:
    """A whole number."""
    start = scanner.position
    taken = scanner.take(NUMBER)
    if not INTEGER.fullmatch(taken):
        raise scanner.refuse("expected a whole number, without quotes", at=start)
    return _whole(scanner, taken, start)


def quoted_integer(scanner: Scanner) -> int:
    """A whole number in quotes, as MLflow writes ids of experiments."""
    start = scanner.position
    return _whole(scanner, text(scanner), start)


def any_integer(scanner: Scanner) -> int:
    """A whole number, quoted or not."""
    return quoted_integer(scanner) if scanner.next in ("'", '"') else integer(scanner)


def any_number(scanner: Scanner) -> int | float:
    """A number; a whole one may be quoted."""
    return quoted_integer(scanner) if scanner.next in ("'", '"') else number(scanner)


def loose_decimal(scanner: Scanner) -> float:
    """A number in any spelling that Python's `float` reads: `1e+5`, `1_000`, `nan` and `inf` too."""
    start = scanner.position
    try:
        return float(scanner.take(LOOSE_NUMBER))
    except ValueError:
        raise scanner.refuse("expected a number, such as 5, -0.5 or 1e-4, without quotes", at=start) from None


def loose_text(scanner: Scanner) -> str:
    """Text in quotes, or one word or number without them."""
    if scanner.next in ("'", '"'):
        return scanner.take_quoted()[1:-1]
    taken = scanner.take(NUMBER) or scanner.take(UNQUOTED)
    if not taken:
        raise scanner.refuse("expected a value in single quotes, such as 'my-value'")
    return taken


def nothing(scanner: Scanner) -> None:
    """IS NULL and IS NOT NULL take no value."""


def texts(scanner: Scanner) -> tuple[str, ...]:
    """`('a', "b")`: a list of texts, not empty."""
    start = scanner.position
    listed = _list(scanner, depth=0)
    if isinstance(listed, str):
        return (listed,)
    found = tuple(item for item in listed if isinstance(item, str))
    if len(found) != len(listed):
        raise scanner.refuse("a list holds quoted values, not lists", at=start)
    return found


def integers(scanner: Scanner) -> tuple[int, ...]:
    """A list of whole numbers in quotes."""
    start = scanner.position
    return tuple(_whole(scanner, item, start) for item in texts(scanner))


def _whole(scanner: Scanner, taken: str, start: int) -> int:
    try:
        value = int(taken)
    except ValueError:
        raise scanner.refuse(f"{quotation(taken)} is not a whole number", at=start) from None
    if not -INT64 <= value < INT64:
        raise scanner.refuse("this number does not fit 64 bits", at=start)
    return value


def _list(scanner: Scanner, *, depth: int) -> Nested:
    """What the parentheses here hold; around a single value without a comma they mean nothing, as in Python."""
    if scanner.next != "(":
        raise scanner.refuse("expected a list of quoted values in parentheses, such as ('a', 'b')")
    if depth > MAX_NESTED:
        raise scanner.refuse("these parentheses are nested too deeply")
    scanner.position += 1
    items: list[Nested] = []
    separated = False
    while True:
        if not scanner.skip_space():
            raise scanner.refuse("nothing closes this list; expected ')'")
        if scanner.next == ")" and items:
            scanner.position += 1
            return tuple(items) if separated or len(items) > 1 else items[0]
        items.append(_item(scanner, depth=depth))
        if len(items) > MAX_LISTED:
            raise scanner.refuse(f"a list may hold {MAX_LISTED} values")
        scanner.skip_space()
        if scanner.next == ",":
            separated = True
            scanner.position += 1
        elif scanner.next != ")":
            raise scanner.refuse("expected ',' or ')' in this list")


def _item(scanner: Scanner, *, depth: int) -> Nested:
    if scanner.next == "(":
        return _list(scanner, depth=depth + 1)
    start = scanner.position
    parts = []
    while taken := scanner.take(LISTED):
        parts.append(_unescape(scanner, taken[1:-1], start) if "\\" in taken else taken[1:-1])
        scanner.skip_space()
    if not parts:
        raise scanner.refuse("expected a value in single or double quotes; a list needs at least one")
    return parts[0] if len(parts) == 1 else "".join(parts)


def _unescape(scanner: Scanner, written: str, start: int) -> str:
    """`written` with Python's escapes resolved; a backslash before anything else is itself."""

    def resolved(escape: re.Match[str]) -> str:
        code = escape[1]
        if code[0] in "xuUN":
            point = int(code[1:], 16) if len(code) > 1 else LAST_CODE_POINT + 1
        elif code[0] in "01234567":
            point = int(code, 8)
        else:
            return SINGLE_ESCAPES.get(code, escape[0])
        if point > LAST_CODE_POINT:
            raise scanner.refuse(f"{quotation(escape[0])} is no escape for a character", at=start)
        return chr(point)

    return scanner.accept(ESCAPE.sub(resolved, written), at=start)
