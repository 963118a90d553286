"""Error codes of the MLflow wire, their HTTP statuses, and the one place where exceptions become answers."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from mlregistry.errors import Busy, InternalError, NotFound, RegistryError

logger = logging.getLogger(__name__)

STATUS: Mapping[str, int] = {
    "INVALID_PARAMETER_VALUE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "BAD_REQUEST": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "REQUEST_TOO_LARGE": 413,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "INVALID_STATE": 500,
    "INTERNAL_ERROR": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}
_TRANSLATIONS: tuple[tuple[type[Exception], str, str], ...] = (
    (drf.NotAuthenticated, "UNAUTHENTICATED", ""),
    (drf.AuthenticationFailed, "UNAUTHENTICATED", ""),
    (drf.PermissionDenied, "PERMISSION_DENIED", ""),
    (drf.MethodNotAllowed, "METHOD_NOT_ALLOWED", ""),
    (drf.Throttled, "REQUEST_LIMIT_EXCEEDED", ""),
    (drf.NotFound, "RESOURCE_DOES_NOT_EXIST", "There is nothing here, or not for you."),
    (drf.ValidationError, "INVALID_PARAMETER_VALUE", ""),
    (drf.APIException, "BAD_REQUEST", ""),
    (Http404, "RESOURCE_DOES_NOT_EXIST", "There is nothing here, or not for you."),
    (RequestDataTooBig, "REQUEST_TOO_LARGE", "The body is larger than the server accepts; send it in smaller parts."),
    (SuspiciousOperation, "BAD_REQUEST", ""),
    (BadRequest, "BAD_REQUEST", ""),
    (UnreadablePostError, "BAD_REQUEST", "The body ended before it was complete."),
)
"""What Django and DRF raise, with the sentence where theirs says too much or too little; the first that fits counts."""
BROKEN_REFERENCE = re.compile(r"foreign key constraint", re.IGNORECASE)
"""How databases say, at the end of a transaction, that something written refers to a row that is gone."""
CHALLENGE = 'Basic realm="mlregistry"'


def answer(error: RegistryError) -> HttpResponse:
    """The HTTP answer that says what `error` says."""
    return error_response(error.code, error.message)


def error_response(code: str, message: str) -> HttpResponse:
    """An MLflow error body with the status that belongs to its code."""
    response = HttpResponse(
        msgspec.json.encode({"error_code": code, "message": message}),
        status=STATUS[code],
        content_type="application/json",
    )
    if code == "UNAUTHENTICATED":
        response["WWW-Authenticate"] = CHALLENGE
    return response


def describe(error: Exception) -> tuple[str, str]:
    """The wire's code and message for any exception; what nobody foresaw is logged and told as an internal error."""
    if isinstance(error, RegistryError):
        return error.code, error.message
    for kind, code, message in _TRANSLATIONS:
        if isinstance(error, kind):
            return code, message or _flatten(getattr(error, "detail", error))
    if isinstance(error, IntegrityError) and BROKEN_REFERENCE.search(str(error)):
        return NotFound.code, "What this is about was deleted meanwhile."
    if isinstance(error, (OperationalError, InterfaceError)):
        logger.error("the database failed", exc_info=error)
        return Busy.code, "The database is away or has too much to do; try again."
    logger.error("unforeseen error", exc_info=error)
    return InternalError.code, "The server failed to answer this request; its log says why."


def _flatten(detail: Any) -> str:
    if isinstance(detail, dict):
        return " ".join(f"{field}: {_flatten(said)}" for field, said in detail.items())
    if isinstance(detail, list):
        return " ".join(_flatten(said) for said in detail)
    return str(detail)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook for the native API: the same codes and sentences as the wire, in DRF's own renderers."""
    code, message = describe(error)
    headers = {"WWW-Authenticate": CHALLENGE} if code == "UNAUTHENTICATED" else None
    return Response({"error_code": code, "message": message}, status=STATUS[code], headers=headers)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """There is no such call."""
    return error_response("ENDPOINT_NOT_FOUND", f"There is no {request.method} {request.path} on this server.")
