"""One declaration makes a function a call: who is let in, how its request is read, and how it answers."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from rest_framework.request import Request

from apps.accounts.models import Token, User
from apps.accounts.services import people, tokens
from mlregistry.actor import system
from mlregistry.errors import EndpointNotFound, InvalidState
from mlregistry.levels import Access, Level, Requirement
from mlregistry.wire.endpoint import Endpoint, EndpointView, Wire, WireRequest
from mlregistry.wire.schema import Empty, Required, Schema

PASSWORD = "correct horse battery"


class Asked(Schema, kw_only=True):
    name: Required
    numbers: list[int] = []


def echo(request: WireRequest[Asked]) -> Wire:
    return {"name": request.body.name, "numbers": request.body.numbers}


def call(view: Any = echo, requires: Requirement = Access.PUBLIC, **how: Any) -> Endpoint:
    told = {
        "method": "POST",
        "path": "echo",
        "schema": Asked,
        "version": "2.0",
        "streams_body": False,
        "returns": Empty,
    }
    return Endpoint(**(told | how), requires=requires, view=view)


def answer(endpoint: Endpoint, method: str, path: str = "/", **sent: Any) -> HttpResponse:
    values = sent.pop("values", {})
    request = RequestFactory().generic(method, path, **sent)
    return EndpointView.as_view(endpoint=endpoint)(request, **values)


def said(response: HttpResponse) -> Any:
    return json.loads(response.content)


@pytest.fixture
def ada(db: None) -> User:
    return people.create(username="ada", password=PASSWORD, by=system("test"))


def token_of(user: User, scope: str) -> dict[str, str]:
    _, text = tokens.create(user=user, name="test", scope=scope, by=system("test"))
    return {"authorization": f"Bearer {text}"}


def test_a_body_is_read_and_an_answer_written_as_json() -> None:
    response = answer(call(), "POST", data=b'{"name": "a"}', content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert said(response) == {"name": "a", "numbers": []}


def test_a_get_is_read_from_its_query() -> None:
    response = answer(call(method="GET"), "GET", "/?name=a&numbers=1&numbers=2")
    assert said(response) == {"name": "a", "numbers": [1, 2]}


def test_a_get_without_query_may_have_a_body() -> None:
    response = answer(call(method="GET"), "GET", data=b'{"name": "a"}', content_type="application/json")
    assert said(response)["name"] == "a"


def test_a_delete_may_have_either() -> None:
    assert said(answer(call(), "DELETE", "/?name=a"))["name"] == "a"
    assert said(answer(call(), "DELETE", data=b'{"name": "b"}', content_type="application/json"))["name"] == "b"


def test_a_post_takes_nothing_from_its_query() -> None:
    response = answer(call(), "POST", "/?name=query", data=b'{"name": "body"}', content_type="application/json")
    assert said(response)["name"] == "body"


def test_a_stream_is_left_to_its_view() -> None:
    def view(request: WireRequest[Asked]) -> Wire:
        return {"name": request.body.name, "read": request.http.read().decode()}

    response = answer(call(view, streams_body=True), "PUT", "/?name=a", data=b"\x01{", content_type="image/png")
    assert said(response) == {"name": "a", "read": "\x01{"}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_called_json_is_refused(content_type: str) -> None:
    response = answer(call(), "POST", data=b'{"name": "a"}', content_type=content_type)
    assert response.status_code == 400
    assert said(response)["message"] == "Bad Request. Content-Type should be one of ['application/json']."


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_called_so_in_any_spelling(content_type: str) -> None:
    assert answer(call(), "POST", data=b'{"name": "a"}', content_type=content_type).status_code == 200


def test_a_value_of_the_path_is_part_of_the_request() -> None:
    response = answer(call(), "POST", data=b"{}", content_type="application/json", values={"name": "from the path"})
    assert said(response)["name"] == "from the path"


def test_a_view_may_answer_by_itself() -> None:
    def view(request: WireRequest[Asked]) -> HttpResponse:
        return HttpResponse(b"bytes", content_type="image/png")

    response = answer(call(view), "POST", data=b'{"name":"a"}', content_type="application/json")
    assert (response.content, response["Content-Type"]) == (b"bytes", "image/png")


def test_what_a_view_raises_becomes_the_answer() -> None:
    for error, status in ((InvalidState("No."), 500), (EndpointNotFound("No."), 404), (ZeroDivisionError(), 500)):

        def view(request: WireRequest[Asked], error: Exception = error) -> Wire:
            raise error

        response = answer(call(view), "POST", data=b'{"name":"a"}', content_type="application/json")
        assert response.status_code == status
        assert set(said(response)) == {"error_code", "message"}


@pytest.mark.parametrize("requires", [Access.SIGNED_IN, Access.ADMIN, Level.READ])
def test_whoever_is_not_signed_in_is_refused_before_anything_is_read(requires: Requirement) -> None:
    response = answer(call(requires=requires), "POST", data=b"{broken", content_type="text/plain")
    assert response.status_code == 401
    assert said(response)["error_code"] == "UNAUTHENTICATED"


def test_only_administrators_get_into_what_is_theirs(ada: User) -> None:
    sent = {"data": b'{"name":"a"}', "content_type": "application/json", "headers": token_of(ada, "admin")}
    assert answer(call(requires=Access.ADMIN), "POST", **sent).status_code == 403
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    assert answer(call(requires=Access.ADMIN), "POST", **sent).status_code == 200


@pytest.mark.parametrize(
    ("scope", "requires", "status"),
    [
        ("read", Level.READ, 200),
        ("read", Level.EDIT, 403),
        ("read", Access.SIGNED_IN, 200),
        ("write", Level.MANAGE, 200),
        ("write", Access.ADMIN, 403),
        ("admin", Level.EDIT, 200),
    ],
)
def test_a_token_reaches_as_far_as_its_scope(ada: User, scope: str, requires: Requirement, status: int) -> None:
    sent = {"data": b'{"name":"a"}', "content_type": "application/json", "headers": token_of(ada, scope)}
    assert answer(call(requires=requires), "POST", **sent).status_code == status


def test_a_request_knows_who_makes_it(ada: User) -> None:
    def view(request: WireRequest[Asked]) -> Wire:
        assert isinstance(request.http, Request)
        actor = request.actor
        return {"who": actor.username, "token": actor.token_id, "from": actor.address, "user": request.user.pk}

    sent = {"data": b'{"name":"a"}', "content_type": "application/json", "headers": token_of(ada, "write")}
    token = Token.objects.get()
    assert said(answer(call(view, requires=Access.SIGNED_IN), "POST", **sent)) == {
        "who": "ada",
        "token": token.pk,
        "from": "127.0.0.1",
        "user": ada.pk,
    }


def test_a_method_that_a_path_does_not_have_is_told_which_it_has(client: Client) -> None:
    response = client.put("/api/2.0/mlflow/experiments/search")
    assert (response.status_code, response["Allow"]) == (405, "GET, POST")
    assert response.json()["error_code"] == "METHOD_NOT_ALLOWED"


def test_head_is_answered_where_get_is(client: Client, db: None) -> None:
    assert client.head("/api/3.0/mlflow/server-info").status_code == 200
    assert client.head("/api/2.0/mlflow/runs/get").status_code == 401
    assert client.head("/api/2.0/mlflow/runs/create").status_code == 405


def test_both_prefixes_lead_to_the_same_call() -> None:
    assert call(path="a/{b}/c_{d}").routes == ["api/2.0/mlflow/a/{b}/c_{d}", "ajax-api/2.0/mlflow/a/{b}/c_{d}"]
    assert call(path="a/{b}/{c}").path_values == ("b", "c")
