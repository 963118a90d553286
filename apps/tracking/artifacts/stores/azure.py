"""Artifacts below a prefix of a container of Azure's Blob Storage.

Files above one piece go up as blocks that are put together at the end: at most one is in memory, and nobody sees the
blob before it is whole.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobClient, BlobPrefix, ContainerClient, ContentSettings
from storages.backends.azure_storage import AzureStorage

from apps.tracking.artifacts.media_types import media_type
from apps.tracking.artifacts.stores.base import LastLook, Stored, Written, nothing_against_it
from apps.tracking.artifacts.stores.blob import PIECE, BlobStore, out_of_reach, replaced
from mlregistry.errors import Busy, InternalError, InvalidParameter, RegistryError

TOO_MANY_REQUESTS = 429
INTERNAL_ERROR = 500


class AzureStore(BlobStore):
    def __init__(self, container: str, account: str, prefix: str) -> None:
        super().__init__(prefix)
        self._storage = AzureStorage(azure_container=container, account_name=account)

    @property
    def client(self) -> ContainerClient:
        client: ContainerClient = self._storage.client
        return client

    def write(self, path: str, chunks: Iterable[bytes], last_look: LastLook = nothing_against_it) -> Written:
        _refuse_final_dots(path)
        upload = _Upload(self._blob(path), media_type(path))
        for chunk in chunks:
            upload.add(chunk)
        last_look()
        marker = upload.finish()
        return Written(Stored(upload.size, marker), upload.digest.hexdigest())

    def piece(self, path: str, stored: Stored, start: int, end: int) -> bytes:
        with _told():
            try:
                found = self._blob(path).download_blob(
                    start,
                    end - start,
                    etag=f'"{stored.marker}"',
                    match_condition=MatchConditions.IfNotModified,
                    decompress=False,
                )
                return found.readall()
            except (ResourceModifiedError, ResourceNotFoundError):
                raise replaced() from None

    def _find(self, key: str) -> Stored | None:
        with _told():
            try:
                found = self.client.get_blob_client(key).get_blob_properties()
            except ResourceNotFoundError:
                return None
        return Stored(size=found.size, marker=_marker(found.etag))

    def _level(self, start: str) -> Iterator[tuple[str, int | None]]:
        with _told():
            for found in self.client.walk_blobs(name_starts_with=start, delimiter="/"):
                yield found.name, None if isinstance(found, BlobPrefix) else found.size

    def _names(self, start: str) -> Iterator[str]:
        with _told():
            yield from self.client.list_blob_names(name_starts_with=start)

    def _remove(self, key: str) -> None:
        with _told():
            try:
                self.client.delete_blob(key, delete_snapshots="include")
            except ResourceNotFoundError:
                return

    def _blob(self, path: str) -> BlobClient:
        return self.client.get_blob_client(self._key(path))


class _Upload:
    """Bytes on their way into one blob: a single request if they fit into a piece, else blocks."""

    def __init__(self, blob: BlobClient, kind: str) -> None:
        self._blob = blob
        self._settings = ContentSettings(content_type=kind)
        self._buffer = bytearray()
        # Another upload of the same blob has blocks of its own.
        self._name = secrets.token_hex(8)
        self._blocks: list[BlobBlock] = []
        self.size = 0
        self.digest = hashlib.sha256()

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.digest.update(chunk)
        self._buffer += chunk
        while len(self._buffer) > PIECE:
            self._stage(bytes(memoryview(self._buffer)[:PIECE]))
            del self._buffer[:PIECE]

    def finish(self) -> str:
        """The whole blob's marker."""
        rest = bytes(self._buffer)
        if self._blocks:
            self._stage(rest)
        with _told():
            done: dict[str, Any]
            if self._blocks:
                done = self._blob.commit_block_list(self._blocks, content_settings=self._settings)
            else:
                done = self._blob.upload_blob(rest, overwrite=True, content_settings=self._settings)
        return _marker(str(done["etag"]))

    def _stage(self, block: bytes) -> None:
        name = f"{self._name}-{len(self._blocks):05}"
        with _told():
            self._blob.stage_block(name, block)
        self._blocks.append(BlobBlock(name))


def _refuse_final_dots(path: str) -> None:
    """Azure asks for none: on the way there the dots can be lost, and what is left is another file's name."""
    if any(name.endswith(".") for name in path.split("/")):
        raise InvalidParameter(f"Azure keeps no files or folders whose names end with a dot: '{path}'")


def _marker(etag: str) -> str:
    return etag.strip('"')


@contextmanager
def _told() -> Iterator[None]:
    """What a client may know of a failure of the store: neither its address nor its credentials."""
    try:
        yield
    except HttpResponseError as error:
        raise _of_an_answer(error) from error
    except AzureError as error:
        raise out_of_reach() from error


def _of_an_answer(error: HttpResponseError) -> RegistryError:
    code = getattr(error, "error_code", None) or error.status_code
    if code == "InvalidBlockList":
        return Busy("Another upload of this file was faster; try again.")
    if (error.status_code or INTERNAL_ERROR) >= INTERNAL_ERROR or error.status_code == TOO_MANY_REQUESTS:
        return Busy("The artifact store is busy; try again later.")
    return InternalError(f"The artifact store refused the server's request: {code}.")
