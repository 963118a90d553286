"""Every field of every call meets what no client should send: refused in words, never broken by it (SECURITY.md G6)."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from django.test import RequestFactory

from tests.security.conftest import App
from tests.security.recipes import IN_QUERY, RECIPES, Call, fields_of, filled
from tests.security.world import World

DECLARED_FAILURES = ("INVALID_STATE", "NOT_IMPLEMENTED")
NUL = '"a\\u0000b"'
JSON_VALUES = (
    NUL,
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u202e\\uffff\\u0001"',
    '"\'; DROP TABLE tracking_run; --"',
    '"%s%(user)s{0}${a}"',
    '"' + "x" * 100_000 + '"',
    '"' + "9" * 400 + '"',
    "9" * 30,
    "-" + "9" * 5000,
    "1e400",
    "-1e400",
    "NaN",
    "-1",
    "0.5",
    "true",
    "null",
    "[]",
    "[[]]",
    "[null]",
    "{}",
    '{"a": {"b": 1}}',
    "[" * 800 + "]" * 800,
    "[" * 100_000,
)
QUERY_VALUES = (
    "%00",
    "a%00b",
    "%ff%fe",
    "%ed%a0%80",
    "%",
    "%zz",
    "%2e%2e%2f",
    "'%20OR%201=1--",
    "%25s%25%28user%29s",
    "9" * 30,
    "9" * 5000,
    "-1",
    "1e400",
    "NaN",
    "true",
    "x" * 5000,
    "",
)
NEVER_IN_A_DATABASE = (
    "%", "%zz", "%ff%fe", "%ed%a0%80", "%2e%2e%2f", "%25s%25%28user%29s", "9" * 5000, "1e400", "true", "NaN", "",
)  # fmt: skip
"""Values that are refused, or looked for as plain text, before the kinds of databases could differ: sent on one."""
GIVEN_TWICE = ("NaN", "")
BODIES = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"1",
    b"{",
    b"\xff\xfe{\x00}\x00",
    b"\x00",
    b'{"a":' * 50_000,
    b'{"a":1,"a":2}',
)
CONTENT_TYPES = (
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json; charset=hex",
    "application/json; charset=idna",
    "application/json; charset=" + "x" * 5000,
    "application/json; a*=hex''%41",
    "/",
    ";",
    "application/json, text/plain",
    "\xff",
)


def sound(answer: Any, call: Any) -> None:
    """No answer is one of a broken server, but for what the genuine wire says by such a status."""
    if answer.status >= 500:
        assert answer.json()["error_code"] in DECLARED_FAILURES, call
    elif answer.status >= 400:
        assert set(answer.json()) == {"error_code", "message"}, call


def spoiled(fields: Any, hostile: str) -> Iterator[str]:
    """The JSON of `fields` with one value after the other, at any depth, replaced by the text `hostile`."""
    marked = json.dumps("the value that is replaced")
    for copy in _each(fields, "the value that is replaced"):
        yield json.dumps(copy).replace(marked, hostile)


def _each(value: Any, mark: str) -> Iterator[Any]:
    yield mark
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from ({**value, name: copy} for copy in _each(inner, mark))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ([*value[:place], copy, *value[place + 1 :]] for copy in _each(inner, mark))


@pytest.mark.parametrize("hostile", JSON_VALUES, ids=lambda value: value[:20])
def test_no_value_in_a_body_breaks_a_call(world: World, hostile: str) -> None:
    caller = world.callers["admin token"]
    for recipe in RECIPES:
        plain = filled(recipe, world.names)
        if plain.content_type != "application/json" or not plain.body:
            continue
        for body in spoiled(json.loads(plain.body), hostile):
            call = Call(plain.method, plain.path, body=body.encode())
            with world.afterwards_as_before():
                sound(caller.send(call), call)


def test_a_nul_is_refused_in_words(world: World) -> None:
    caller = world.callers["admin token"]
    for recipe in RECIPES:
        plain = filled(recipe, world.names)
        fields = json.loads(plain.body) if plain.content_type == "application/json" and plain.body else {}
        for name in (name for name, value in fields.items() if isinstance(value, str)):
            body = json.dumps({**fields, name: "a\0b"}).encode()
            with world.afterwards_as_before():
                answer = caller.send(Call(plain.method, plain.path, body=body))
            assert answer.status == 400, (recipe, name, answer.content)
            assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(value, id=value[:20], marks=[pytest.mark.once] if value in NEVER_IN_A_DATABASE else [])
        for value in QUERY_VALUES
    ],
)
def test_no_value_in_a_query_or_path_breaks_a_call(world: World, hostile: str) -> None:
    client = world.callers["admin token"].client
    for recipe in RECIPES:
        plain = filled(recipe, world.names)
        for path, query in _spoiled_targets(recipe, plain, world.names, hostile):
            with world.afterwards_as_before():
                answer = client.generic(
                    plain.method, path, plain.body, content_type="application/json", QUERY_STRING=query
                )
                content = b"".join(answer)
            if answer.status_code >= 500:
                assert json.loads(content)["error_code"] in DECLARED_FAILURES, (recipe, path, query)


def _spoiled_targets(recipe: str, plain: Call, names: dict[str, str], hostile: str) -> Iterator[tuple[str, str]]:
    """Paths and queries, sent as they are, with `hostile` in one place after the other."""
    fields = fields_of(recipe, names)
    for name in fields:
        if f"{{{name}}}" in recipe:
            yield filled(recipe, names, **{name: hostile or "x"}).path, ""
    if plain.method in IN_QUERY:
        for name in [*plain.query, "page_token", "max_results", "cursor", "page_size"]:
            rest = "&".join(f"{key}={quote(str(value))}" for key, value in plain.query.items() if key != name)
            yield plain.path, f"{rest}&{name}={hostile}"
            if hostile in GIVEN_TWICE:
                yield plain.path, f"{name}={hostile}&{name}={hostile}&{rest}"


@pytest.mark.once
@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_no_body_breaks_a_call(world: World, body: bytes) -> None:
    caller = world.callers["admin token"]
    for recipe in RECIPES:
        plain = filled(recipe, world.names)
        call = Call(plain.method, plain.path, body=body)
        with world.afterwards_as_before():
            sound(caller.send(call), call)


@pytest.mark.once
@pytest.mark.parametrize("content_type", CONTENT_TYPES, ids=lambda value: value[:50])
def test_no_content_type_breaks_a_call(world: World, app: App, content_type: str) -> None:
    """Django reads them before any view is there to answer, so they go through the application itself."""
    client = world.callers["admin token"].client
    for recipe in RECIPES:
        plain = filled(recipe, world.names)
        request = RequestFactory().generic(
            plain.method, plain.path, plain.body, content_type="application/json", query_params=plain.query
        )
        # The test client's own stand-in for a body fails where a server's ends.
        body = {"wsgi.input": BytesIO(request.body), "CONTENT_TYPE": content_type}
        environ = request.environ | client.defaults | body
        with world.afterwards_as_before():
            status, content = _through(app, environ)
        if status >= 500:
            assert json.loads(content)["error_code"] in DECLARED_FAILURES, plain


def _through(app: App, environ: dict[str, Any]) -> tuple[int, bytes]:
    statuses: list[str] = []

    def start_response(status: str, headers: Any) -> None:
        statuses.append(status)

    content = b"".join(app(environ, start_response))
    return int(statuses[0][:3]), content
