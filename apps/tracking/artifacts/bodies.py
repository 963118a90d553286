"""Reading an upload's body in pieces, and knowing that all of it came."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest

from apps.tracking.artifacts.services import too_large
from apps.tracking.artifacts.stores.base import CHUNK
from apps.tracking.limits import UPLOADED_FROM_PAGES
from mlregistry.errors import InvalidParameter

_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")
TOO_LARGE_FOR_A_PAGE = "Artifact size is too large. Max size is 10MB."
CUT_SHORT = "The body ended after {received} of {declared} bytes; nothing was kept."
UNVERIFIABLE = (
    "Send the size as Content-Length, or the hash as Content-Digest: sha-256=:…:, for a body sent in chunks without"
    " either cannot be told from one cut short. Nothing was kept."
)
DIFFERS = "The body is not what its Content-Digest says; nothing was kept."


def body_chunks(request: HttpRequest) -> Iterator[bytes]:
    """The body of an upload. Raises at its end if it is not whole, so that whoever writes it keeps nothing.

    The server's gateway gives an ordinary end of file for a chunked body whose client went away, so such a body needs
    a digest. An empty one is believed: that is how MLflow's own client sends an empty file.
    """
    declared = _declared_length(request)
    limit = settings.MLREGISTRY_ARTIFACT_MAX_BYTES
    if limit and declared is not None and declared > limit:
        raise too_large()
    return _checked(request, declared, _declared_digest(request))


def small_body(request: HttpRequest) -> bytes:
    """The whole body of an upload from the browser, at most `UPLOADED_FROM_PAGES` bytes of it."""
    if (_declared_length(request) or 0) > UPLOADED_FROM_PAGES:
        raise InvalidParameter(TOO_LARGE_FOR_A_PAGE)
    content = bytearray()
    for chunk in body_chunks(request):
        content += chunk
        if len(content) > UPLOADED_FROM_PAGES:
            raise InvalidParameter(TOO_LARGE_FOR_A_PAGE)
    if not content:
        raise InvalidParameter("Request must specify data.")
    return bytes(content)


def _checked(request: HttpRequest, declared: int | None, expected: bytes | None) -> Iterator[bytes]:
    # Django gives an empty body to whoever does not declare its length.
    stream = request if declared is not None else request.META["wsgi.input"]
    received = 0
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        received += len(chunk)
        if expected is not None:
            digest.update(chunk)
        yield chunk
    if expected is not None:
        if digest.digest() != expected:
            raise InvalidParameter(DIFFERS)
    elif declared is None:
        if received:
            raise InvalidParameter(UNVERIFIABLE)
    elif received != declared:
        raise InvalidParameter(CUT_SHORT.format(received=received, declared=declared))


def _declared_length(request: HttpRequest) -> int | None:
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise InvalidParameter("Content-Length must be a number of bytes.")
    return int(length)


def _declared_digest(request: HttpRequest) -> bytes | None:
    found = _SHA256.search(request.META.get("HTTP_CONTENT_DIGEST", ""))
    if found is None:
        return None
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error:
        raise InvalidParameter("Content-Digest is not base64.") from None
