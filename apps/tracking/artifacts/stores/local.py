"""Artifacts in a folder of this machine.

Every path is walked name by name from the root's own descriptor, refusing symbolic links at each step, so a link that
somebody plants, even between two steps, leads nowhere. Uploads are collected in a hidden folder of the root, which is
on the same file system, and renamed into place.
"""

import errno
import hashlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from apps.tracking.artifacts.paths import INVALID_PATH
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
from mlregistry.errors import InvalidParameter

UPLOADS = ".uploads"
_READY = ".ready"
"""Ends the name of an upload that is about to appear. Without it, nobody can let it appear."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FOLDER_NO_LINK = _FOLDER | os.O_NOFOLLOW
# Without O_NONBLOCK, opening a named pipe that somebody planted would wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ATTEMPTS = 100


class LocalFile(OpenFile):
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.stored = _stored(os.fstat(file.fileno()))

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        self._file.seek(start)
        return self._read(end - start)

    def _read(self, left: int) -> Iterator[bytes]:
        while left > 0 and (chunk := self._file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()


class LocalStore(ArtifactStore):
    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, chunks: Iterable[bytes], last_look: LastLook = nothing_against_it) -> Written:
        *folders, name = _names(path)
        self._refuse_folder(folders, name, path)
        with self._uploads() as uploads:
            temporary = secrets.token_hex(16)
            try:
                sha256, stored = _collect(uploads, temporary, chunks)
                self._place(uploads, temporary, folders, name, path, last_look=last_look)
            except BaseException:
                for left in (temporary, temporary + _READY):
                    with suppress(FileNotFoundError):
                        os.unlink(left, dir_fd=uploads)
                raise
        return Written(stored, sha256)

    def open(self, path: str) -> LocalFile:
        *folders, name = _names(path) or ["."]
        try:
            with self._folder(folders) as folder:
                descriptor = os.open(name, _FILE, dir_fd=folder)
        except OSError:  # absent, a link, below a file: to whoever asks it is simply not there
            raise absent(path) from None
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            raise is_a_folder(path) if stat.S_ISDIR(mode) else absent(path)
        return LocalFile(os.fdopen(descriptor, "rb"))

    def entries(self, path: str) -> list[Entry]:
        try:
            with self._folder(_names(path)) as folder, os.scandir(folder) as found:
                entries = [_entry(path, item) for item in found]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(
            (entry for entry in entries if entry is not None and entry.path != UPLOADS), key=lambda entry: entry.path
        )

    def delete(self, path: str) -> None:
        *folders, name = _names(path) or [""]
        if not name:
            raise InvalidParameter(INVALID_PATH)
        try:
            with self._folder(folders) as folder:
                try:
                    os.unlink(name, dir_fd=folder)
                except (IsADirectoryError, PermissionError):  # Linux says the first of a folder, macOS the second
                    self._delete_folder(folder, name)
        except (FileNotFoundError, NotADirectoryError):
            return

    def _delete_folder(self, parent: int, name: str) -> None:
        """Move it out of sight at once, so that no reader finds half of it, then take it apart."""
        with self._uploads() as uploads:
            doomed = secrets.token_hex(16)
            os.rename(name, doomed, src_dir_fd=parent, dst_dir_fd=uploads)
            _take_apart(doomed, uploads)

    def sweep(self, older_than: timedelta) -> int:
        before = time.time() - older_than.total_seconds()
        removed = 0
        with self._uploads() as uploads, os.scandir(uploads) as found:
            for item in found:
                if item.stat(follow_symlinks=False).st_mtime >= before:
                    continue
                if item.is_dir(follow_symlinks=False):
                    _take_apart(item.name, uploads)
                else:
                    os.unlink(item.name, dir_fd=uploads)
                removed += 1
        return removed

    def settle(self) -> None:
        """Call back whatever is about to appear: it has to be made ready again, and looked for seals after that."""
        with self._uploads() as uploads, os.scandir(uploads) as found:
            for item in found:
                if item.name.endswith(_READY):
                    with suppress(FileNotFoundError):  # it has appeared meanwhile
                        os.rename(item.name, item.name.removesuffix(_READY), src_dir_fd=uploads, dst_dir_fd=uploads)

    def _refuse_folder(self, folders: Sequence[str], name: str, path: str) -> None:
        """Say so before the bytes arrive; `_place` would find out only after."""
        try:
            with self._folder(folders) as folder:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        except OSError:
            raise InvalidParameter(INVALID_PATH) from None
        if stat.S_ISDIR(found.st_mode):
            raise is_a_folder(path)
        if not stat.S_ISREG(found.st_mode):
            raise InvalidParameter(INVALID_PATH)

    def _place(
        self, uploads: int, temporary: str, folders: Sequence[str], name: str, path: str, *, last_look: LastLook
    ) -> None:
        ready = temporary + _READY
        for attempt in range(_ATTEMPTS):
            with suppress(FileNotFoundError):  # it is ready already
                os.rename(temporary, ready, src_dir_fd=uploads, dst_dir_fd=uploads)
            last_look()
            try:
                with self._folder(folders, make=True) as folder:
                    os.replace(ready, name, src_dir_fd=uploads, dst_dir_fd=folder)
                    os.fsync(folder)
            except FileNotFoundError:  # it was called back, or somebody deleted the folder since it was made
                if attempt == _ATTEMPTS - 1:
                    raise
            except IsADirectoryError:
                raise is_a_folder(path) from None
            except NotADirectoryError:
                raise InvalidParameter(INVALID_PATH) from None
            else:
                return

    @contextmanager
    def _folder(self, names: Iterable[str], *, make: bool = False) -> Iterator[int]:
        """A descriptor of the folder that `names` lead to from the root, made on the way where asked for."""
        descriptor = os.open(self._made_root() if make else self.root, _FOLDER)
        try:
            for name in names:
                if make and _mkdir(name, descriptor):
                    os.fsync(descriptor)
                below = _enter(name, descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _uploads(self) -> Iterator[int]:
        with self._folder([], make=True) as root:
            _mkdir(UPLOADS, root, mode=0o700)
            descriptor = _enter(UPLOADS, root)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _made_root(self) -> Path:
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root


def _names(path: str) -> list[str]:
    names = path.split("/") if path else []
    if names[:1] == [UPLOADS]:
        raise InvalidParameter(INVALID_PATH)
    return names


def _enter(name: str, folder: int) -> int:
    try:
        return os.open(name, _FOLDER_NO_LINK, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:  # what macOS says of a link; Linux says ENOTDIR
            raise NotADirectoryError(error.errno, error.strerror) from None
        raise


def _mkdir(name: str, folder: int, mode: int = 0o777) -> bool:
    try:
        os.mkdir(name, mode, dir_fd=folder)
    except FileExistsError:
        return False
    return True


def _take_apart(name: str, parent: int) -> None:
    """Remove a folder that nobody finds any more. Who had found it before may still add to it: then once again."""
    for attempt in range(_ATTEMPTS):
        try:
            shutil.rmtree(name, dir_fd=parent)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _collect(uploads: int, temporary: str, chunks: Iterable[bytes]) -> tuple[str, Stored]:
    """Write `chunks` to disk for good, under a name that nobody is shown."""
    digest = hashlib.sha256()
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=uploads
    )
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[file.write(view) :]
            digest.update(chunk)
        # The kernel's clock ticks too slowly to tell two quick uploads apart.
        os.utime(descriptor, ns=(time.time_ns(), time.time_ns()))
        os.fsync(descriptor)
        return digest.hexdigest(), _stored(os.fstat(descriptor))


def _stored(found: os.stat_result) -> Stored:
    return Stored(size=found.st_size, marker=f"{found.st_mtime_ns:x}-{found.st_size:x}")


def _entry(parent: str, item: "os.DirEntry[str]") -> Entry | None:
    path = f"{parent}/{item.name}" if parent else item.name
    if item.is_dir(follow_symlinks=False):
        return Entry(path, is_dir=True)
    if item.is_file(follow_symlinks=False):
        with suppress(FileNotFoundError):  # somebody has just deleted it
            return Entry(path, is_dir=False, size=item.stat(follow_symlinks=False).st_size)
    return None
