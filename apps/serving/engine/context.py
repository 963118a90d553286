"""What an image is built from, packed: our programs, the lock, and the version's files, held against the manifest."""

import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from apps.registry.content.files import VersionFiles
from apps.registry.models import Content, ContentFile
from apps.serving.engine.client import BuildFailed, add
from apps.serving.engine.wheels import PROGRAMS
from mlregistry.printable import printable

OURS = ("Dockerfile", "install.py", "scorer.py", "ask.py")


@contextmanager
def context(*, content: Content, files: VersionFiles, lock: str, check: Callable[[], None]) -> Iterator[IO[bytes]]:
    """The archive, complete and at its start. `BuildFailed` where a file is not the one that was registered."""
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name in OURS:
                with PROGRAMS.joinpath(name).open("rb") as program:
                    _pack(archive, name, program)
            with tempfile.TemporaryFile() as written:
                written.write(lock.encode())
                _pack(archive, "lock.txt", written)
            for file in content.files.all():
                check()
                _pack_registered(archive, file, files)
        packed.seek(0)
        yield packed


def _pack(archive: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    add(archive, name, file, size)


def _pack_registered(archive: tarfile.TarFile, file: ContentFile, files: VersionFiles) -> None:
    """The bytes that are packed are those that are compared: nothing can come in between."""
    with files.stream(file.path) as stored:
        hashed = _Hashed(stored)
        try:
            add(archive, f"model/{file.path}", hashed, file.size)
        except OSError:
            raise BuildFailed(f"{printable(file.path)} is shorter than what was registered.") from None
        if hashed.digest.hexdigest() != file.sha256 or stored.read(1):
            raise BuildFailed(f"{printable(file.path)} is not what was registered.")


class _Hashed:
    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        chunk: bytes = self._file.read(size)
        self.digest.update(chunk)
        return chunk
