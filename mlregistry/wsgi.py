"""The WSGI application that granian serves."""

import os
from http import HTTPStatus
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

WORTH_TAKING = 1024 * 1024
PIECE = 64 * 1024

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings.prod")
django.setup(set_prefix=False)


class Utf8Request(WSGIRequest):
    """Bodies and query strings are UTF-8, whatever charset a client names.

    Django would decode with any codec that Python knows, `hex` and `idna` among them, while it builds the request:
    before there is anybody to turn what goes wrong into an answer.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class Application(WSGIHandler):
    request_class = Utf8Request

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer; of a request that is refused, take what it still sends, so that its connection can stay open.

        Without this the server closes some of these connections without a word, and the client's next request on it
        fails. What is longer is not worth its time: then the connection closes.
        """
        response = super().__call__(environ, start_response)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            _drain(environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0))
        return response


def _drain(body: Any, length: int) -> None:
    left = WORTH_TAKING if length <= WORTH_TAKING else 0
    while left > 0 and (taken := body.read(min(left, PIECE))):
        left -= len(taken)


application = Application()
