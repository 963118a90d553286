"""Every exception becomes a code of the wire with its status, and says no more than it should."""

import logging

import msgspec
import pytest
from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig, TooManyFieldsSent
from django.http import Http404, UnreadablePostError
from django.test import Client
from rest_framework import exceptions as drf

from mlregistry import errors
from mlregistry.errors import NotFound, RegistryError, Unauthenticated
from mlregistry.wire.errors import STATUS, answer, describe, exception_handler

SUBCLASSES = RegistryError.__subclasses__()


@pytest.mark.parametrize("kind", SUBCLASSES)
def test_every_refusal_has_a_status(kind: type[RegistryError]) -> None:
    response = answer(kind("No."))
    assert response.status_code == STATUS[kind.code]
    assert msgspec.json.decode(response.content) == {"error_code": kind.code, "message": "No."}
    assert response["Content-Type"] == "application/json"


def test_the_tree_of_exceptions_is_drawn_whole() -> None:
    assert all(kind.__name__ in str(errors.__doc__) for kind in SUBCLASSES)


def test_the_bare_refusal_cannot_be_raised() -> None:
    with pytest.raises(TypeError, match="has no error code"):
        RegistryError("No.")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (drf.NotAuthenticated(), "UNAUTHENTICATED"),
        (drf.AuthenticationFailed(), "UNAUTHENTICATED"),
        (drf.PermissionDenied(), "PERMISSION_DENIED"),
        (drf.MethodNotAllowed("PUT"), "METHOD_NOT_ALLOWED"),
        (drf.Throttled(), "REQUEST_LIMIT_EXCEEDED"),
        (drf.NotFound(), "RESOURCE_DOES_NOT_EXIST"),
        (drf.ParseError(), "BAD_REQUEST"),
        (drf.UnsupportedMediaType("a/b"), "BAD_REQUEST"),
        (drf.ValidationError({"name": ["Too long."]}), "INVALID_PARAMETER_VALUE"),
        (Http404(), "RESOURCE_DOES_NOT_EXIST"),
        (RequestDataTooBig(), "REQUEST_TOO_LARGE"),
        (TooManyFieldsSent("Too many."), "BAD_REQUEST"),
        (DisallowedHost("Not this one."), "BAD_REQUEST"),
        (BadRequest("Wrong."), "BAD_REQUEST"),
        (UnreadablePostError(), "BAD_REQUEST"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_what_django_and_drf_raise_has_its_code(error: Exception, code: str) -> None:
    found, message = describe(error)
    assert found == code
    assert message


def test_a_validation_error_names_its_fields() -> None:
    error = drf.ValidationError({"name": ["Too long."], "scope": {"kind": ["Unknown."]}})
    assert describe(error)[1] == "name: Too long. scope: kind: Unknown."


def test_what_nobody_foresaw_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        code, message = describe(ZeroDivisionError("the secret"))
    assert code == "INTERNAL_ERROR"
    assert "secret" not in message
    assert "the secret" in caplog.text


def test_whoever_must_sign_in_is_told_how() -> None:
    assert answer(Unauthenticated("Sign in.")).headers["WWW-Authenticate"] == 'Basic realm="mlregistry"'
    assert exception_handler(drf.NotAuthenticated(), {}).headers["WWW-Authenticate"] == 'Basic realm="mlregistry"'


def test_the_native_api_speaks_of_errors_as_the_wire_does() -> None:
    response = exception_handler(NotFound("Nothing here."), {})
    assert response.status_code == 404
    assert response.data == {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Nothing here."}


def test_a_call_that_does_not_exist_says_so(client: Client) -> None:
    response = client.get("/api/2.0/mlflow/nothing")
    assert response.status_code == 404
    assert response.json() == {
        "error_code": "ENDPOINT_NOT_FOUND",
        "message": "There is no GET /api/2.0/mlflow/nothing on this server.",
    }
