"""Artifacts below a prefix of a bucket of Google Cloud Storage.

Its client says which object an upload became only where it sends a whole file, so an upload is collected in a temporary
file first: constant memory, disk by size.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed, RetryError
from google.auth.exceptions import TransportError
from storages.backends.gcloud import GoogleCloudStorage

from apps.tracking.artifacts.media_types import media_type
from apps.tracking.artifacts.stores.base import LastLook, Stored, Written, nothing_against_it
from apps.tracking.artifacts.stores.blob import PIECE, BlobStore, out_of_reach, replaced
from mlregistry.errors import Busy, InternalError, RegistryError

TOO_MANY_REQUESTS = 429
INTERNAL_ERROR = 500


class GoogleStore(BlobStore):
    def __init__(self, bucket: str, prefix: str) -> None:
        super().__init__(prefix)
        self._storage = GoogleCloudStorage(bucket_name=bucket)

    @property
    def bucket(self) -> Any:
        return self._storage.bucket

    def write(self, path: str, chunks: Iterable[bytes], last_look: LastLook = nothing_against_it) -> Written:
        digest = hashlib.sha256()
        with tempfile.TemporaryFile() as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
            size = file.tell()
            last_look()
            blob = self.bucket.blob(self._key(path), chunk_size=PIECE)
            with _told():
                blob.upload_from_file(file, rewind=True, size=size, content_type=media_type(path))
        return Written(_stored(blob), digest.hexdigest())

    def piece(self, path: str, stored: Stored, start: int, end: int) -> bytes:
        with _told():
            try:
                found: bytes = self.bucket.blob(self._key(path)).download_as_bytes(
                    start=start,
                    end=end - 1,
                    raw_download=True,
                    if_generation_match=int(stored.marker),
                    checksum=None,  # there is none of a piece
                )
            except (NotFound, PreconditionFailed):
                raise replaced() from None
        return found

    def _find(self, key: str) -> Stored | None:
        with _told():
            blob = self.bucket.get_blob(key)
        return None if blob is None else _stored(blob)

    def _level(self, start: str) -> Iterator[tuple[str, int | None]]:
        with _told():
            found = self.bucket.list_blobs(
                prefix=start, delimiter="/", fields="items(name,size),prefixes,nextPageToken"
            )
            for blob in found:
                yield blob.name, blob.size
            for name in found.prefixes:  # known once all pages have come
                yield name, None

    def _names(self, start: str) -> Iterator[str]:
        with _told():
            for blob in self.bucket.list_blobs(prefix=start, fields="items(name),nextPageToken"):
                yield blob.name

    def _remove(self, key: str) -> None:
        with _told():
            try:
                self.bucket.delete_blob(key)
            except NotFound:
                return


def _stored(blob: Any) -> Stored:
    return Stored(size=blob.size, marker=str(blob.generation))


@contextmanager
def _told() -> Iterator[None]:
    """What a client may know of a failure of the store: neither its address nor its credentials."""
    try:
        yield
    except GoogleAPICallError as error:
        raise _of_an_answer(error) from error
    except (RetryError, TransportError, requests.RequestException) as error:
        raise out_of_reach() from error


def _of_an_answer(error: GoogleAPICallError) -> RegistryError:
    if (error.code or INTERNAL_ERROR) >= INTERNAL_ERROR or error.code == TOO_MANY_REQUESTS:
        return Busy("The artifact store is busy; try again later.")
    return InternalError(f"The artifact store refused the server's request: {error.code}.")
