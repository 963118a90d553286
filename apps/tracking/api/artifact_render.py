"""Artifacts as the wire has them."""

from collections.abc import Iterable, Sequence

from apps.tracking.artifacts.stores.base import Entry, Presigned
from mlregistry.errors import InvalidParameter
from mlregistry.wire.endpoint import Wire


def files(entries: Iterable[Entry], *, root_uri: str) -> Wire:
    """A listing with paths as they are; without the field when it is empty, as protobuf has it."""
    listed = [_entry(entry.path, entry) for entry in entries]
    return {"root_uri": root_uri, **({"files": listed} if listed else {})}


def names(entries: Iterable[Entry]) -> Wire:
    """A listing by the last names of the paths."""
    listed = [_entry(entry.path.rsplit("/", 1)[-1], entry) for entry in entries]
    return {"files": listed} if listed else {}


def presigned(made: Presigned, *, url: str) -> Wire:
    """A presigned URL; the field it is in depends on the call."""
    size = {} if made.size is None else {"file_size": made.size}
    return {url: made.url, "headers": made.headers, **size}


def multipart(upload_id: str, parts: Sequence[Presigned]) -> Wire:
    credentials = [{"url": part.url, "part_number": number} for number, part in enumerate(parts, start=1)]
    return {"upload_id": upload_id, "credentials": credentials}


def run_id(run_id: str, run_uuid: str) -> str:
    """The one run that is meant by either name of the field."""
    if run_id and run_uuid and run_id != run_uuid:
        raise InvalidParameter("run_id and run_uuid name different runs; give one of them.")
    return run_id or run_uuid


def _entry(path: str, entry: Entry) -> Wire:
    size = {"file_size": entry.size} if entry.size else {}  # protobuf drops the default, so an empty file has none
    return {"path": path, "is_dir": entry.is_dir, **size}
