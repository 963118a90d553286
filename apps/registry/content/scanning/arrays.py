"""NumPy's own files, which hold a pickle if the array's elements are objects."""

import ast

from apps.registry.content.scanning.findings import Unreadable
from apps.registry.content.scanning.pickles import examine_pickles
from apps.registry.content.scanning.pieces import Examination, Piece

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 64 * 1024
_BEFORE_LENGTH = 8


def examine_array(piece: Piece, examination: Examination) -> None:
    version = piece.start(_BEFORE_LENGTH)[len(MAGIC) :][:1]
    width = 2 if version == b"\1" else 4
    length = int.from_bytes(piece.stream.read(width), "little")
    if length > LONGEST_HEADER:
        raise Unreadable(f"Its header has {length:,} bytes; NumPy's own are far shorter.")
    try:
        header = ast.literal_eval(piece.stream.read(length).decode("latin-1").strip())
        holds_objects = _holds_objects(header["descr"])
    except (ValueError, SyntaxError, TypeError, KeyError):
        raise Unreadable("Its header is not NumPy's.") from None
    if holds_objects:
        examine_pickles(piece, examination, claimed=True, start=_BEFORE_LENGTH + width + length)


def _holds_objects(descr: object) -> bool:
    """Whether a type is of objects, or has a field that is: a name, or a list of fields with their types."""
    if isinstance(descr, str):
        return descr.lstrip("<>=|").startswith("O")
    if isinstance(descr, list):
        return any(_holds_objects(field[1]) for field in descr)
    if isinstance(descr, tuple):
        return _holds_objects(descr[0])
    raise ValueError(descr)
