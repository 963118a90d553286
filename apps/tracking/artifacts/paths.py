"""The one door for paths that clients send: what comes out can be joined to a root, and nothing else comes out."""

import re
from urllib.parse import unquote_to_bytes

from mlregistry.errors import InvalidParameter

INVALID_PATH = "Invalid path"
"""What the genuine server says, whatever is wrong with the path; it tells nothing about what exists."""

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255
_DECODINGS = 10
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\#?;]")
_ANCHORED = re.compile(r"/|file:", re.IGNORECASE)
_DRIVE_OR_SCHEME = re.compile(r"[A-Za-z]:.*|.*:")


def safe_path(path: str) -> str:
    """The relative path, decoded and with `/` between its names, that `path` spells; `InvalidParameter` if unsafe.

    Like the genuine server it decodes until nothing is left to decode, so one file has one name however often its
    name was encoded. It refuses parents, absolute paths, drives, schemes, backslashes, control characters, `;`, `#`,
    `?`, doubled slashes, and names longer than a file system or an object store takes. A trailing slash and `.` say
    nothing, so they are dropped; the empty path is the root of whatever it is relative to.
    """
    path = _decode(path)
    if _FORBIDDEN.search(path) or _ANCHORED.match(path):
        raise InvalidParameter(INVALID_PATH)
    names = path.removesuffix("/").split("/") if path else []
    if not all(_is_safe_name(name) for name in names):
        raise InvalidParameter(INVALID_PATH)
    path = "/".join(name for name in names if name != ".")
    if len(path.encode()) > MAX_PATH_BYTES:
        raise InvalidParameter(INVALID_PATH)
    return path


def safe_file_path(path: str) -> str:
    """`safe_path` of something that must be a file: not the root, not a folder's name."""
    if path.endswith("/"):
        raise InvalidParameter("Artifact path must include a filename (cannot end with '/').")
    safe = safe_path(path)
    if not safe:
        raise InvalidParameter(INVALID_PATH)
    return safe


def _is_safe_name(name: str) -> bool:
    return name not in ("", "..") and len(name.encode()) <= MAX_NAME_BYTES and not _DRIVE_OR_SCHEME.fullmatch(name)


def _decode(path: str) -> str:
    for _ in range(_DECODINGS):
        try:
            decoded = unquote_to_bytes(path.encode()).decode()
        except UnicodeError:
            raise InvalidParameter(INVALID_PATH) from None
        if decoded == path:
            return path
        path = decoded
    raise InvalidParameter(INVALID_PATH)
