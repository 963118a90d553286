"""A folder as one ZIP archive, made while it is sent: no file is in memory, none on disk."""

import zipfile
from collections.abc import Iterator

from apps.tracking.artifacts.paths import safe_path
from apps.tracking.artifacts.places import Place
from apps.tracking.artifacts.queries import list_below
from apps.tracking.artifacts.stores.base import Entry
from mlregistry.errors import InvalidParameter, TooLarge

MOST_FILES = 10_000
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The least time that the format knows. Stores do not tell when a file was written."""


def files_below(root: Place, path: str) -> list[Entry]:
    """Every file in the folder, however deep; `TooLarge` once there are more than an archive may have."""
    folders, found = [path], []
    while folders:
        for entry in list_below(root, folders.pop()):
            if not _can_be_named(entry.path):
                continue
            if entry.is_dir:
                folders.append(entry.path)
            else:
                found.append(entry)
            if len(found) + len(folders) > MOST_FILES:
                raise TooLarge(f"An archive can have {MOST_FILES:,} files; choose a folder with fewer.")
    return sorted(found, key=lambda entry: entry.path)


def zipped(root: Place, path: str, files: list[Entry]) -> Iterator[bytes]:
    """The archive, piece by piece, with names relative to the folder `path`. Nothing is compressed."""
    start = len(path) + 1 if path else 0
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for entry in files:
            place = root.below(entry.path)
            file = place.store.open(place.path)
            try:
                member = zipfile.ZipInfo(entry.path[start:], _EPOCH)
                member.external_attr = 0o100644 << 16
                with archive.open(member, "w", force_zip64=True) as written:
                    for chunk in file.chunks(0, file.stored.size):
                        written.write(chunk)
                        yield sink.taken()
            finally:
                file.close()
            yield sink.taken()
    yield sink.taken()


def _can_be_named(path: str) -> bool:
    """Whether a client could ask for it. What somebody put into the store by hand may lead out of an archive."""
    try:
        return safe_path(path) == path
    except InvalidParameter:
        return False


class _Sink:
    """Where the archive is written: it cannot seek, so sizes follow each file, and what is written is taken away."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes, /) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nor is anything open."""

    def taken(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
