"""What the stores of Azure and Google have in common: names with slashes, listed by their beginnings.

Of django-storages only the clients are used. Its files are unpacked on the way if their names end in `.gz`, its times
tell no two uploads of one second apart, and to Azure it sends names without the dots at their end.
"""

import abc
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from apps.tracking.artifacts.stores.base import ArtifactStore, Entry, OpenFile, Stored, absent, is_a_folder
from mlregistry.errors import Busy

PIECE = 8 * 1024 * 1024
"""How much is asked for, or sent, at once: each request has its cost, and each piece is in memory."""


class BlobFile(OpenFile):
    """Read piece by piece, each on the condition that it is still of the same content."""

    def __init__(self, store: "BlobStore", path: str) -> None:
        self._store, self._path = store, path
        self.stored = store.stat(path)

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        pieces = (
            self._store.piece(self._path, self.stored, at, min(at + PIECE, end)) for at in range(start, end, PIECE)
        )
        first = next(pieces, None)  # now, so that it fails now
        return iter(()) if first is None else chain((first,), pieces)

    def close(self) -> None:
        """Nothing is held open between two pieces."""


class BlobStore(ArtifactStore):
    """Below a prefix of a container or bucket. A blob appears once all of it is there."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix.strip("/")

    def open(self, path: str) -> BlobFile:
        return BlobFile(self, path)

    def stat(self, path: str) -> Stored:
        found = self._find(self._key(path)) if path else None
        if found is None:
            below = next(self._names(self._start(path)), None)
            raise absent(path) if below is None else is_a_folder(path)
        return found

    def entries(self, path: str) -> list[Entry]:
        start, below = self._start(path), f"{path}/" if path else ""
        found = ((name[len(start) :], size) for name, size in self._level(start))
        # Some tools mark a folder by an empty blob of its name.
        entries = (Entry(below + name.rstrip("/"), name.endswith("/"), size) for name, size in found if name.strip("/"))
        return sorted(entries, key=lambda entry: entry.path)

    def delete(self, path: str) -> None:
        key = self._key(path)
        for name in self._names(key):
            # The beginning is also that of siblings: `model` of `model2/file`.
            if f"{name}/".startswith(f"{key}/"):
                self._remove(name)

    def sweep(self, older_than: timedelta) -> int:
        """Both services forget by themselves, after a week."""
        return 0

    @abc.abstractmethod
    def piece(self, path: str, stored: Stored, start: int, end: int) -> bytes:
        """The bytes from `start` up to, not including, `end`; `Busy` if it is no longer the file that was `stored`."""

    @abc.abstractmethod
    def _find(self, key: str) -> Stored | None:
        """The blob `key`, if it is there."""

    @abc.abstractmethod
    def _level(self, start: str) -> Iterator[tuple[str, int | None]]:
        """Names that begin with `start`, up to their next slash, with sizes: a folder's ends with it and has none."""

    @abc.abstractmethod
    def _names(self, start: str) -> Iterator[str]:
        """All names that begin with `start`."""

    @abc.abstractmethod
    def _remove(self, key: str) -> None:
        """Delete the blob `key`, if it is there."""

    def _key(self, path: str) -> str:
        return "/".join(part for part in (self.prefix, path) if part)

    def _start(self, path: str) -> str:
        key = self._key(path)
        return f"{key}/" if key else ""


def replaced() -> Busy:
    return Busy("The artifact store has just got another version of this file; ask again.")


def out_of_reach() -> Busy:
    return Busy("The artifact store cannot be reached; try again later.")
