"""Artifacts in any other store that django-storages knows: Google Cloud Storage, Azure.

These libraries send a whole file, so an upload is collected in a temporary file first: constant memory, disk by size.
Both stores show an object only once it is complete.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage

from apps.tracking.artifacts.stores.base import (
    CHUNK,
    ArtifactStore,
    Entry,
    LastLook,
    OpenFile,
    Stored,
    Written,
    absent,
    is_a_folder,
    nothing_against_it,
)
from mlregistry.errors import Busy


class BlobFile(OpenFile):
    def __init__(self, store: "BlobStore", path: str) -> None:
        self._store, self._path = store, path
        self.stored = store.stat(path)
        self._file: File[bytes] | None = None

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        self._file = self._store.storage.open(self._path, "rb")
        self._file.seek(start)
        if self._store.stat(self._path) != self.stored:
            raise Busy("The artifact store has just got another version of this file; ask again.")
        return self._read(self._file, end - start)

    def _read(self, file: "File[bytes]", left: int) -> Iterator[bytes]:
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class BlobStore(ArtifactStore):
    """`storage` must overwrite: one that makes up another name for the second upload loses it."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def write(self, path: str, chunks: Iterable[bytes], last_look: LastLook = nothing_against_it) -> Written:
        digest = hashlib.sha256()
        with tempfile.TemporaryFile() as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
            file.seek(0)
            last_look()
            kept = self.storage.save(path, File(file, name=path))
        if kept != path:
            self.storage.delete(kept)
            raise RuntimeError(f"{type(self.storage).__name__} does not overwrite")
        return Written(self.stat(path), digest.hexdigest())

    def open(self, path: str) -> BlobFile:
        return BlobFile(self, path)

    def stat(self, path: str) -> Stored:
        if not path or not self.storage.exists(path):
            raise is_a_folder(path) if self.entries(path) else absent(path)
        size = self.storage.size(path)
        changed = self.storage.get_modified_time(path)
        return Stored(size=size, marker=f"{changed.timestamp():.6f}-{size:x}")

    def entries(self, path: str) -> list[Entry]:
        try:
            folders, files = self.storage.listdir(path)
        except (FileNotFoundError, NotADirectoryError):
            return []
        below = f"{path}/" if path else ""
        entries = [Entry(below + name.rstrip("/"), is_dir=True) for name in folders if name.strip("/")]
        entries += [Entry(below + name, is_dir=False, size=self.storage.size(below + name)) for name in files if name]
        return sorted(entries, key=lambda entry: entry.path)

    def delete(self, path: str) -> None:
        for entry in self.entries(path):
            self.delete(entry.path) if entry.is_dir else self.storage.delete(entry.path)
        self.storage.delete(path)

    def sweep(self, older_than: timedelta) -> int:
        return 0


class AzureStore(BlobStore):
    """Lists by Azure's own client: django-storages lists everything below a folder, by whole names and as files."""

    def __init__(self, storage: Any) -> None:
        super().__init__(storage)
        self._azure = storage

    def entries(self, path: str) -> list[Entry]:
        top = "/".join(part for part in (self._azure.location.strip("/"), path) if part)
        start = f"{top}/" if top else ""
        below = f"{path}/" if path else ""
        entries = []
        for found in self._azure.client.walk_blobs(name_starts_with=start, delimiter="/"):
            name, is_dir = found.name[len(start) :].rstrip("/"), found.name.endswith("/")
            if name:
                entries.append(Entry(below + name, is_dir=is_dir, size=None if is_dir else found.size))
        return sorted(entries, key=lambda entry: entry.path)
