"""A file as an HTTP answer: streamed, resumable, and harmless to the browser that gets it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, parse_etags

from apps.tracking.artifacts.media_types import media_type
from apps.tracking.artifacts.places import Place
from apps.tracking.artifacts.queries import known_sha256
from apps.tracking.artifacts.stores.base import OpenFile

HTML = "text/html"
PDF = "application/pdf"
_SHOWN = re.compile(f"{HTML}|{PDF}|(?:image|audio|video)/[\\w.+-]+|text/plain")
_SANDBOX = "sandbox; default-src 'none'"
# Its scripts run in an origin of their own, which is nobody's: no cookie, no call to us or to anybody, no form.
_SCRIPTS_APART = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline';"
    " img-src data: blob:; font-src data:; form-action 'none'; frame-ancestors 'self'"
)
# Browsers show no PDF in a sandbox. Its own viewer writes styles into the page that it makes of it.
_PDF_ALONE = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
PARTIAL_CONTENT = 206
NOT_MODIFIED = 304
RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from `start` up to, not including, `end`."""

    start: int
    end: int


def file_response(request: HttpRequest, place: Place) -> HttpResponseBase:
    """The file at `place`, or the range of it that is asked for.

    Always an attachment of a type guessed from its name, in a sandbox: an HTML page that somebody uploaded must not
    run as this server.
    """
    file = place.store.open(place.path)
    try:
        etag = f'"{known_sha256(place, file.stored) or file.stored.marker}"'
        response = _answer(request, file, etag)
    except BaseException:
        file.close()
        raise
    if not isinstance(response, StreamingHttpResponse):
        file.close()
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    response["Content-Type"] = media_type(place.path)
    response["Content-Disposition"] = content_disposition_header(True, place.path.rsplit("/", 1)[-1])
    response["Content-Security-Policy"] = _SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    return response


def shown_response(request: HttpRequest, place: Place) -> HttpResponseBase:
    """The same, for a frame or an image of our own pages: what browsers can show is no attachment.

    HTML keeps to a sandbox with an origin of its own, and to a frame: opened by itself it is an attachment.
    """
    response = file_response(request, place)
    kind = str(response["Content-Type"])
    if kind == HTML and request.headers.get("Sec-Fetch-Dest", "iframe") != "iframe":
        return response
    if _SHOWN.fullmatch(kind):
        response["Content-Disposition"] = content_disposition_header(False, place.path.rsplit("/", 1)[-1]) or "inline"
        response["Content-Security-Policy"] = {HTML: _SCRIPTS_APART, PDF: _PDF_ALONE}.get(kind, _SANDBOX)
        response.xframe_options_exempt = kind in (HTML, PDF)  # type: ignore[attr-defined]  # frame-ancestors says it
    return response


def _answer(request: HttpRequest, file: OpenFile, etag: str) -> HttpResponseBase:
    size = file.stored.size
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=NOT_MODIFIED)
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        asked = ""  # what the client has is of another version: it needs the whole
    span = _span(asked, size)
    if span is None:
        span, headers, status = Span(0, size), {}, 200
    elif span.start < span.end:
        headers, status = {"Content-Range": f"bytes {span.start}-{span.end - 1}/{size}"}, PARTIAL_CONTENT
    else:
        return HttpResponse(status=RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Length"] = str(span.end - span.start)
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(_Body(file, span), status=status, headers=headers)


def _span(asked: str, size: int) -> Span | None:
    """The part of `size` bytes that a Range header asks for, empty if there is nothing there; None for a header that
    is not one range, which means the whole file."""
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        return Span(max(0, size - int(found[2])), size)
    start, last = int(found[1]), int(found[2] or size)
    return Span(start, min(size, last + 1)) if start <= last or not found[2] else None


class _Body:
    """The chunks of an open file; Django closes it with the response, whether or not the client stayed to the end."""

    def __init__(self, file: OpenFile, span: Span) -> None:
        self._file = file
        self._chunks = file.chunks(span.start, span.end)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        self._file.close()
