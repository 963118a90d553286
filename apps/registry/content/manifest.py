"""The manifest of a version: its files with size and hash, in one canonical form, and the statement that is signed.

Anybody can make both again and check them without this server: the manifest is JSON without spaces, in UTF-8, a list of
objects with sorted keys, in the order of their paths (by code point); its SHA-256 is the digest.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Protocol

from apps.registry.models import ModelVersion

PURPOSE = "mlregistry version content 1"
"""Part of what is signed, so that a signature for one purpose is never taken for another's."""


class Item(Protocol):
    """A file of a manifest; `ContentFile` is one."""

    path: str
    """Below the version's folder."""
    size: int
    sha256: str


def manifest(items: Iterable[Item]) -> bytes:
    """The canonical manifest of these files, in whatever order they come."""
    listed = sorted(items, key=lambda item: item.path)
    return _canonical([{"path": item.path, "size": item.size, "sha256": item.sha256} for item in listed])


def digest_of(items: Iterable[Item]) -> str:
    """The SHA-256 of their manifest."""
    return hashlib.sha256(manifest(items)).hexdigest()


def statement(version: ModelVersion, digest: str) -> bytes:
    """What the server signs: this version, and no other, was registered with the content of this digest."""
    return _canonical(statement_says(version, digest))


def statement_says(version: ModelVersion, digest: str) -> dict[str, Any]:
    """The same, to be read.

    The version is named by what never changes: the id of its model's row, its number, and when it was made. The model's
    name is no part of it, since renaming a model must not void its signatures. The number alone would let a signature
    be moved to the same number of another model, and ids alone to a row that takes the same id in a database made anew,
    which is what the time is for.
    """
    return {
        "purpose": PURPOSE,
        "model": version.model_id,
        "version": version.version,
        "creation_time": version.creation_time,
        "digest": digest,
    }


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
