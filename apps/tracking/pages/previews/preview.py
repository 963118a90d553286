"""Which preview a file gets: by its name, and by what is in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.tracking.artifacts.media_types import media_type
from apps.tracking.artifacts.stores.base import OpenFile
from apps.tracking.pages.previews import documents, tables

KIB, MIB = 1024, 1024 * 1024
TEXT = 256 * KIB
"""So much of a text is shown; of a document or table that only makes sense whole, so much is read at most."""
WHOLE = 4 * MIB
LARGEST_TABLE = 16 * MIB
MEDIA = 100 * MIB


@dataclass(frozen=True, slots=True)
class Preview:
    """`kind` names a template of `tracking/artifacts/`, which takes the context."""

    kind: str
    context: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    """What is not shown, and why."""


NOTHING = "nothing"
_FRAMES = {"text/html": "page", "application/pdf": "pdf"}
_MEDIA = ("image", "audio", "video")
Read = Callable[[bytes], dict[str, Any]]
_DOCUMENTS: dict[str, tuple[str, Read]] = {
    "md": ("markdown", documents.markdown),
    "markdown": ("markdown", documents.markdown),
    "json": ("text", documents.json_text),
    "geojson": ("text", documents.json_text),
    "ipynb": ("notebook", documents.notebook),
    "MLmodel": ("mlmodel", documents.mlmodel),
    "csv": ("table", tables.comma_separated),
    "tsv": ("table", tables.tab_separated),
}
_CUT_SHORT_TOO = ("csv", "tsv")
"""What can be read although its end is missing."""


def preview_of(path: str, file: OpenFile) -> Preview:
    """The preview of the open file that is called `path`."""
    name = path.rsplit("/", 1)[-1]
    ending = name.rpartition(".")[2].lower() if "." in name else name
    size = file.stored.size
    kind = media_type(path)
    shown = _FRAMES.get(kind) or (kind.split("/")[0] if kind.startswith(_MEDIA) else "")
    if shown:
        return Preview(shown) if size <= MEDIA else Preview(NOTHING, note=_too_large("shown", MEDIA))
    if ending == "parquet":
        return _parquet(file)
    if ending in _DOCUMENTS:
        made = _document(ending, file)
        if made is not None:
            return made
    return _text(file)


def _document(ending: str, file: OpenFile) -> Preview | None:
    """None for what is no such document: then it is a text."""
    size = file.stored.size
    template, read = _DOCUMENTS[ending]
    if size > WHOLE and ending not in _CUT_SHORT_TOO:
        return None
    note = f"Read from the first {WHOLE // MIB} MB." if size > WHOLE else ""
    try:
        return Preview(template, read(_first(file, WHOLE)), note)
    except (documents.Unreadable, RecursionError):
        return None


def _parquet(file: OpenFile) -> Preview:
    if file.stored.size > LARGEST_TABLE:
        return Preview(NOTHING, note=_too_large("read for a table", LARGEST_TABLE))
    try:
        return Preview("table", tables.parquet(_first(file, LARGEST_TABLE)))
    except documents.Unreadable as error:
        return Preview(NOTHING, note=str(error))


def _text(file: OpenFile) -> Preview:
    raw = _first(file, TEXT)
    if b"\0" in raw:
        return Preview(NOTHING, note="These are bytes, not a text.")
    note = f"The first {TEXT // KIB} KB of it." if file.stored.size > TEXT else ""
    return Preview("text", {"text": raw.decode(errors="replace")}, note)


def _first(file: OpenFile, count: int) -> bytes:
    return b"".join(file.chunks(0, min(count, file.stored.size)))


def _too_large(what: str, limit: int) -> str:
    return f"Files of more than {limit // MIB} MB are not {what}; download it."
