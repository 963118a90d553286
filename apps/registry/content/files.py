"""The files of a model version as those see them who look into them: read-only, and never wholly in memory."""

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from apps.tracking.artifacts.paths import INVALID_PATH
from apps.tracking.artifacts.stores.base import ArtifactStore, OpenFile
from mlregistry.errors import Busy, InvalidParameter, NotFound

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_FILES = 10_000
MAX_FOLDERS = 10_000
PIECE = 512 * 1024
"""How much is asked of the store at a time."""


class VersionFile(NamedTuple):
    """A file that is there, by its path below the version's folder; one that is the whole version by its name.

    `marker` is the store's word for this content.
    """

    path: str
    size: int
    marker: str


class VersionFiles:
    """The files at `path` of a store, as they are whenever it is asked. Links are no files: stores follow none."""

    def __init__(self, store: ArtifactStore, path: str) -> None:
        self._store, self._path = store, path

    def __iter__(self) -> Iterator[VersionFile]:
        """Every file, in no particular order; `InvalidParameter` once there are more than a version may have."""
        try:
            stored = self._store.stat(self._path)
        except (NotFound, InvalidParameter):
            yield from self._below()
        else:
            yield VersionFile(self._name, stored.size, stored.marker)

    def open(self, path: str) -> OpenFile:
        """The file that iterating calls `path`; `NotFound` without one.

        `path` may come out of an uploaded file: one that leads out of the folder is refused.
        """
        if any(name in ("", ".", "..") for name in path.split("/")):
            raise InvalidParameter(INVALID_PATH)
        try:
            return self._store.open(f"{self._path}/{path}" if self._path else path)
        except NotFound:
            if path != self._name:
                raise
            return self._store.open(self._path)

    def stream(self, path: str) -> io.BufferedReader:
        """The same as a seekable stream, to be closed by whoever opened it."""
        return io.BufferedReader(_StoredStream(self.open(path)), PIECE)

    @property
    def _name(self) -> str:
        return self._path.rsplit("/", 1)[-1]

    def _below(self) -> Iterator[VersionFile]:
        folders, files, folders_seen = [self._path], 0, 0
        while folders:
            entries = self._store.entries(folders.pop())
            below = [entry.path for entry in entries if entry.is_dir]
            folders_seen += len(below)
            if folders_seen > MAX_FOLDERS:
                raise InvalidParameter(f"A model version can have {MAX_FOLDERS:,} folders; this one has more.")
            folders += below
            for entry in entries:
                if not entry.is_dir and (found := self._found(entry.path)) is not None:
                    files += 1
                    if files > MAX_FILES:
                        raise InvalidParameter(f"A model version can have {MAX_FILES:,} files; this one has more.")
                    yield found

    def _found(self, path: str) -> VersionFile | None:
        try:
            stored = self._store.stat(path)
        except NotFound:  # deleted since it was listed
            return None
        below = path[len(self._path) + 1 :] if self._path else path
        return VersionFile(below, stored.size, stored.marker)


def sha256_of(file: OpenFile, each: Callable[[int], None]) -> str:
    """The hash of all of the file; `each` is told how many more bytes have been read, and may raise to stop."""
    digest, left = hashlib.sha256(), file.stored.size
    for chunk in file.chunks(0, left):
        digest.update(chunk)
        left -= len(chunk)
        each(len(chunk))
    if left:
        raise Busy("A file became shorter while it was read; try again later.")
    return digest.hexdigest()


class _StoredStream(io.RawIOBase):
    """An open file of a store, as Python's streams are. It asks for what is read and no more: seeking costs nothing."""

    def __init__(self, file: OpenFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.stored.size}[whence]
        if start + offset < 0:
            raise OSError("A file has nothing before its first byte.")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._file.stored.size - self._at))
        if wanted == 0:
            return 0
        got = 0
        for chunk in self._file.chunks(self._at, self._at + wanted):
            view[got : got + len(chunk)] = chunk
            got += len(chunk)
        if got != wanted:
            raise OSError(f"The store gave {got} bytes where {wanted} were to be.")
        self._at += got
        return got

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
