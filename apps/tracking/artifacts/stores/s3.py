"""Artifacts below a prefix of an S3 bucket, or of anything that speaks S3.

Files above one part go up as a multipart upload that is completed at the end, so at most one part is in memory and
nobody sees the object before it is whole.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.utils import timezone
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from apps.tracking.artifacts.media_types import media_type
from apps.tracking.artifacts.stores.base import (
    CHUNK,
    ArtifactStore,
    Entry,
    LastLook,
    OpenFile,
    Part,
    Presigned,
    Stored,
    Written,
    absent,
    is_a_folder,
    nothing_against_it,
)
from mlregistry.errors import Busy, InternalError, InvalidParameter, RegistryError

PART = 8 * 1024 * 1024
PARTS_OF_ONE_SIZE = 1_000
MAX_PARTS = 10_000
DELETED_AT_ONCE = 1_000
MINUTES_OF_A_PART = 60
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})

T = TypeVar("T")


class S3File(OpenFile):
    def __init__(self, client: Any, bucket: str, key: str, stored: Stored) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self.stored = stored
        self._body: Any = None

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        if start >= end:
            return iter(())
        found = _ask(
            self._client.get_object,
            Bucket=self._bucket,
            Key=self._key,
            Range=f"bytes={start}-{end - 1}",
            IfMatch=f'"{self.stored.marker}"',
        )
        self._body = found["Body"]
        chunks: Iterator[bytes] = self._body.iter_chunks(CHUNK)
        return chunks

    def close(self) -> None:
        if self._body is not None:
            self._body.close()


class S3Store(ArtifactStore):
    takes_parts = True
    presigns = True

    def __init__(self, bucket: str, prefix: str) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self._making = threading.Lock()

    @property
    def client(self) -> Any:
        """One for all threads: making one takes a tenth of a second and ten megabytes, and only making is not safe."""
        with self._making:
            return self._client

    @cached_property
    def _client(self) -> Any:
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": settings.AWS_S3_ADDRESSING_STYLE or "auto"},
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 4},
            max_pool_connections=64,
        )
        return S3Storage(bucket_name=self.bucket, client_config=config).connection.meta.client

    def write(self, path: str, chunks: Iterable[bytes], last_look: LastLook = nothing_against_it) -> Written:
        upload = _Upload(self.client, self.bucket, self._key(path), media_type(path))
        try:
            for chunk in chunks:
                upload.add(chunk)
            last_look()
            marker = upload.finish()
        except BaseException:
            upload.abort()
            raise
        return Written(Stored(upload.size, marker), upload.digest.hexdigest())

    def open(self, path: str) -> S3File:
        return S3File(self.client, self.bucket, self._key(path), self.stat(path))

    def stat(self, path: str) -> Stored:
        try:
            found = self.client.head_object(Bucket=self.bucket, Key=self._key(path))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise _told(error) from error
            raise is_a_folder(path) if self._has_entries(path) else absent(path) from None
        except BotoCoreError as error:
            raise _told(error) from error
        return Stored(size=found["ContentLength"], marker=found["ETag"].strip('"'))

    def entries(self, path: str) -> list[Entry]:
        prefix = self._key(path) + "/" if self._key(path) else ""
        found: list[Entry] = []
        for page in self._pages(prefix, Delimiter="/"):
            folders = (self._path(folder["Prefix"].rstrip("/")) for folder in page.get("CommonPrefixes", ()))
            found.extend(Entry(folder, is_dir=True) for folder in folders)
            # Some tools mark a folder by an empty object of its name.
            files = (item for item in page.get("Contents", ()) if item["Key"] != prefix)
            found.extend(Entry(self._path(item["Key"]), is_dir=False, size=item["Size"]) for item in files)
        return sorted(found, key=lambda entry: entry.path)

    def delete(self, path: str) -> None:
        key = self._key(path)
        for page in self._pages(key):
            # The prefix also matches siblings: `model` is a prefix of `model2/file`.
            doomed = [item["Key"] for item in page.get("Contents", ()) if f"{item['Key']}/".startswith(f"{key}/")]
            if not doomed:
                continue
            objects = {"Objects": [{"Key": name} for name in doomed], "Quiet": True}
            failed = _ask(self.client.delete_objects, Bucket=self.bucket, Delete=objects).get("Errors")
            if failed:
                raise InternalError(f"The artifact store kept {len(failed)} objects: {failed[0].get('Code')}.")

    def sweep(self, older_than: timedelta) -> int:
        before = timezone.now() - older_than
        removed = 0
        pages = self.client.get_paginator("list_multipart_uploads")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self._key("")):
            for upload in page.get("Uploads", ()):
                if upload["Initiated"] < before:
                    _ask(
                        self.client.abort_multipart_upload,
                        Bucket=self.bucket,
                        Key=upload["Key"],
                        UploadId=upload["UploadId"],
                    )
                    removed += 1
        return removed

    def create_multipart(self, path: str, parts: int) -> tuple[str, Sequence[Presigned]]:
        if not 1 <= parts <= MAX_PARTS:
            raise InvalidParameter(f"num_parts must be between 1 and {MAX_PARTS} (got {parts}).")
        target = {"Bucket": self.bucket, "Key": self._key(path)}
        started = _ask(self.client.create_multipart_upload, **target, ContentType=media_type(path))
        upload_id = started["UploadId"]
        urls = [
            self.client.generate_presigned_url(
                "upload_part",
                Params={**target, "PartNumber": number, "UploadId": upload_id},
                ExpiresIn=MINUTES_OF_A_PART * 60,
            )
            for number in range(1, parts + 1)
        ]
        return upload_id, [Presigned(url, {}) for url in urls]

    def complete_multipart(self, path: str, upload_id: str, parts: Sequence[Part]) -> Stored:
        _demand(upload_id)
        _ask(
            self.client.complete_multipart_upload,
            Bucket=self.bucket,
            Key=self._key(path),
            UploadId=upload_id,
            MultipartUpload={"Parts": [{"PartNumber": part.number, "ETag": part.etag} for part in parts]},
        )
        return self.stat(path)

    def abort_multipart(self, path: str, upload_id: str) -> None:
        _demand(upload_id)
        _ask(self.client.abort_multipart_upload, Bucket=self.bucket, Key=self._key(path), UploadId=upload_id)

    def presign_download(self, path: str, seconds: int) -> Presigned:
        stored = self.stat(path)
        params = {
            "Bucket": self.bucket,
            "Key": self._key(path),
            # Part of what is signed: nobody can turn the download into a page that the browser shows.
            "ResponseContentDisposition": content_disposition_header(True, path.rsplit("/", 1)[-1]),
            "ResponseContentType": media_type(path),
        }
        return Presigned(self._presigned("get_object", params, seconds), {}, stored.size)

    def presign_upload(self, path: str, seconds: int) -> Presigned:
        kind = media_type(path)
        params = {"Bucket": self.bucket, "Key": self._key(path), "ContentType": kind}
        return Presigned(self._presigned("put_object", params, seconds), {"Content-Type": kind})

    def _presigned(self, operation: str, params: dict[str, Any], seconds: int) -> str:
        return str(self.client.generate_presigned_url(operation, Params=params, ExpiresIn=seconds))

    def _has_entries(self, path: str) -> bool:
        found = _ask(self.client.list_objects_v2, Bucket=self.bucket, Prefix=f"{self._key(path)}/", MaxKeys=1)
        return bool(found.get("KeyCount"))

    def _pages(self, prefix: str, **options: str) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("list_objects_v2")
        try:
            yield from pages.paginate(Bucket=self.bucket, Prefix=prefix, **options)
        except (ClientError, BotoCoreError) as error:
            raise _told(error) from error

    def _key(self, path: str) -> str:
        return "/".join(part for part in (self.prefix, path) if part)

    def _path(self, key: str) -> str:
        return key[len(self.prefix) + 1 :] if self.prefix else key


class _Upload:
    """Bytes on their way into one object: a single put if they fit into a part, else a multipart upload."""

    def __init__(self, client: Any, bucket: str, key: str, kind: str) -> None:
        self._client = client
        self._target = {"Bucket": bucket, "Key": key}
        self._kind = kind
        self._buffer = bytearray()
        self._id = ""
        self._parts: list[dict[str, Any]] = []
        self.size = 0
        self.digest = hashlib.sha256()

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.digest.update(chunk)
        self._buffer += chunk
        while len(self._buffer) > (size := part_size(len(self._parts))):
            self._send(bytes(memoryview(self._buffer)[:size]))
            del self._buffer[:size]

    def finish(self) -> str:
        """The whole object's ETag."""
        if not self._id:
            done = _ask(self._client.put_object, **self._target, Body=bytes(self._buffer), ContentType=self._kind)
        else:
            self._send(bytes(self._buffer))
            done = _ask(
                self._client.complete_multipart_upload,
                **self._target,
                UploadId=self._id,
                MultipartUpload={"Parts": self._parts},
            )
        return str(done["ETag"]).strip('"')

    def abort(self) -> None:
        if self._id:
            # What stays behind is invisible, and `sweep` finds it; the first error is the one to tell.
            with suppress(ClientError, BotoCoreError):
                self._client.abort_multipart_upload(**self._target, UploadId=self._id)

    def _send(self, part: bytes) -> None:
        if not self._id:
            started = _ask(self._client.create_multipart_upload, **self._target, ContentType=self._kind)
            self._id = started["UploadId"]
        number = len(self._parts) + 1
        done = _ask(self._client.upload_part, **self._target, UploadId=self._id, PartNumber=number, Body=part)
        self._parts.append({"PartNumber": number, "ETag": done["ETag"]})


def part_size(number: int) -> int:
    """How large the part after `number` others is: it grows by thousands, so that ten thousand parts hold 430 GB."""
    return PART * (1 + number // PARTS_OF_ONE_SIZE)


def _demand(upload_id: str) -> None:
    if not upload_id:
        raise InvalidParameter("Missing value for required parameter 'upload_id'.")


def _ask(call: Callable[..., T], **arguments: Any) -> T:
    try:
        return call(**arguments)
    except (ClientError, BotoCoreError) as error:
        raise _told(error) from error


def _told(error: ClientError | BotoCoreError) -> RegistryError:
    """What a client may know of a failure of the store: neither its address nor its credentials."""
    if isinstance(error, BotoCoreError):
        return Busy("The artifact store cannot be reached; try again later.")
    code = error.response["Error"]["Code"]
    if code in {"NoSuchUpload", "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"}:
        return InvalidParameter(f"The artifact store refused the parts of this upload: {code}.")
    if code in {"SlowDown", "ServiceUnavailable", "503", "500", "InternalError"}:
        return Busy("The artifact store is busy; try again later.")
    return InternalError(f"The artifact store refused the server's request: {code}.")
