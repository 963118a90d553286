"""What an image is built from, packed: our programs, and the version's files, held against the manifest."""

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from apps.registry.content.files import VersionFiles
from apps.registry.models import Content, ContentFile
from apps.serving.engine.client import PROGRAMS, BuildFailed, add
from mlregistry.printable import printable

OURS = ("model.Dockerfile", "scorer.py", "ask.py")


@contextmanager
def context(*, content: Content, files: VersionFiles, check: Callable[[], None]) -> Iterator[IO[bytes]]:
    """The archive, complete and at its start. `BuildFailed` where a file is not the one that was registered."""
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name in OURS:
                program = PROGRAMS.joinpath(name).read_bytes()
                add(archive, name, io.BytesIO(program), len(program))
            for file in content.files.all():
                check()
                _pack_registered(archive, file, files)
        packed.seek(0)
        yield packed


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
