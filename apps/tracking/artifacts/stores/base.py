"""What every place that keeps artifacts can do. Paths come from `safe_path`; stores join them to their own root."""

import abc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from mlregistry.errors import InvalidParameter, NotFound, Unsupported

APPEARS_WITHIN_S = 2.0
"""How long after its last look a file appears in an object store: one request."""
CHUNK = 1024 * 1024
"""How much of a file is in memory at a time while it is read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder as a listing shows it; a folder has no size."""

    path: str
    is_dir: bool
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is there. `marker` changes whenever its content is replaced: what is known of it holds while
    the store still gives the same marker."""

    size: int
    marker: str


@dataclass(frozen=True, slots=True)
class Written:
    """What has just been written, whole."""

    stored: Stored
    sha256: str


@dataclass(frozen=True, slots=True)
class Presigned:
    """A URL that carries its own permission for a while, and the headers to send with it."""

    url: str
    headers: dict[str, str]
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload that its client has finished."""

    number: int
    etag: str


class OpenFile(abc.ABC):
    """A file being read: the same content from first to last byte, even if the path is written again meanwhile."""

    stored: Stored

    @abc.abstractmethod
    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`. Fails when called rather than later."""

    @abc.abstractmethod
    def close(self) -> None: ...


LastLook = Callable[[], None]


def nothing_against_it() -> None:
    """The last look of whoever writes what nobody may refuse."""


class ArtifactStore(abc.ABC):
    """A folder or a bucket's prefix. A file appears in it whole or not at all."""

    takes_parts: ClassVar[bool] = False
    """Clients can upload to it directly, in parts."""
    presigns: ClassVar[bool] = False
    """It can make URLs that clients read from and write to directly."""

    @abc.abstractmethod
    def write(self, path: str, chunks: Iterable[bytes], last_look: LastLook = nothing_against_it) -> Written:
        """Keep `chunks` as the file `path`, replacing what was there.

        `last_look` is called when every byte has come and all that is left to do is to let the file appear. If it
        raises, or `chunks` does, nothing has happened.
        """

    def settle(self) -> None:
        """Return when every `write` whose last look lies before this has let its file appear, or will look again.

        An object store cannot call a request back, so this one waits for as long as such a request usually takes.
        """
        time.sleep(APPEARS_WITHIN_S)

    @abc.abstractmethod
    def open(self, path: str) -> OpenFile:
        """The file; `NotFound` without one, `InvalidParameter` for a folder."""

    @abc.abstractmethod
    def entries(self, path: str) -> list[Entry]:
        """What lies directly in the folder `path`, by path; nothing if it is a file or not there."""

    @abc.abstractmethod
    def delete(self, path: str) -> None:
        """Remove the file or folder `path`, if it is there."""

    @abc.abstractmethod
    def sweep(self, older_than: timedelta) -> int:
        """Remove what uploads that never finished left behind; returns how many there were."""

    def stat(self, path: str) -> Stored:
        """Size and marker of the file `path`; `NotFound` without one."""
        file = self.open(path)
        file.close()
        return file.stored

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder with something in it."""
        try:
            self.stat(path)
        except NotFound:
            return False
        except InvalidParameter:
            return True
        return True

    def create_multipart(self, path: str, parts: int) -> tuple[str, Sequence[Presigned]]:
        """The upload's id, and where to put each part."""
        raise Unsupported("Multipart upload is not supported for the current artifact repository")

    def complete_multipart(self, path: str, upload_id: str, parts: Sequence[Part]) -> Stored:
        raise Unsupported("Multipart upload is not supported for the current artifact repository")

    def abort_multipart(self, path: str, upload_id: str) -> None:
        raise Unsupported("Multipart upload is not supported for the current artifact repository")

    def presign_download(self, path: str, seconds: int) -> Presigned:
        raise Unsupported("Presigned download is not supported for the current artifact repository")

    def presign_upload(self, path: str, seconds: int) -> Presigned:
        raise Unsupported("Presigned upload is not supported for the current artifact repository")


def absent(path: str) -> NotFound:
    return NotFound(f"No such artifact: '{path}'")


def is_a_folder(path: str) -> InvalidParameter:
    return InvalidParameter(f"Artifact path refers to a directory, not a file: '{path}'")
