"""The schema of a skops file: which types its reader imports and makes."""

import json

from apps.registry.content.scanning.findings import Unreadable
from apps.registry.content.scanning.imports import remark_on
from apps.registry.content.scanning.pieces import Examination, Piece

SCHEMA = "schema.json"
LONGEST_SCHEMA = 16 * 1024 * 1024
_TYPE_KEYS = ("__module__", "__class__")


def examine_schema(piece: Piece, examination: Examination) -> None:
    """Hold every type that is named against the allow-list, like a pickle's imports. Other JSON names none."""
    if piece.size > LONGEST_SCHEMA:
        raise Unreadable(f"It has more than {LONGEST_SCHEMA:,} bytes.")
    try:
        left: list[object] = [json.loads(piece.start(piece.size))]
    except ValueError:
        raise Unreadable("It is not JSON.") from None
    named: set[tuple[str, str]] = set()
    while left:
        node = left.pop()
        if isinstance(node, dict):
            if "__loader__" in node:
                module, name = (str(node.get(key)) for key in _TYPE_KEYS)
                named.add((module, name))
            left += node.values()
        elif isinstance(node, list):
            left += node
    for imported in sorted(named):
        if imported not in examination.allowed:
            examination.findings.add(piece.path, remark_on(*imported))
