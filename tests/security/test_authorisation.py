"""Whoever may do what: every route, method and twin is named, and says what it asks (SECURITY.md E1 to E3)."""

import re

import pytest
from django.test import Client

from mlregistry.errors import PermissionDenied
from mlregistry.levels import Access, Level
from mlregistry.native import SignedIn
from mlregistry.wire.endpoint import PREFIXES, declared, endpoint
from mlregistry.wire.schema import Empty
from tests.golden import compared
from tests.security.operations import METHODS, operations, routes
from tests.security.recipes import RECIPES, filled
from tests.security.world import World

SIGN_IN = ("/accounts/login/", "/accounts/logout/", "/accounts/signup/", "/accounts/inactive/", "/admin/logout/")
KEYS = "/.well-known/mlregistry-keys.json"
OPEN = {
    *("/health", "/version", "/favicon.ico", KEYS),
    *SIGN_IN,
    *(f"/{prefix}/3.0/mlflow/server-info" for prefix in PREFIXES),
}
"""What answers to people who are not signed in. Nothing joins this list by itself."""
PAGES = ("/admin/", "/accounts/", "/api/schema/", "/api/docs/")
REFUSED = (401, 404, 405)
CALLERS = (
    "anonymous",
    "outsider",
    "reader",
    "editor",
    "manager",
    "administrator",
    "read token",
    "write token",
    "admin token",
)

ROUTES = list(routes())
PROGRAMS = [route for route in ROUTES if route.path not in ("/", *OPEN) and not route.path.startswith(PAGES)]


def test_every_route_is_a_declared_call_a_native_view_or_a_page() -> None:
    wire = {f"/{path.lstrip('/')}" for call in declared() for path in call.routes}
    unknown = [
        route.pattern
        for route in PROGRAMS
        if re.sub(r"<\w+:(\w+)>", r"{\1}", route.pattern) not in wire and not hasattr(route.view, "cls")
    ]
    assert unknown == []


def test_every_native_view_says_whom_it_lets_in() -> None:
    views = {route.view.cls for route in PROGRAMS if hasattr(route.view, "cls")}
    assert views
    open_views = [view for view in views if not all(issubclass(asked, SignedIn) for asked in view.permission_classes)]
    assert open_views == []


def test_every_call_is_in_the_schema_with_what_it_requires_and_what_it_answers() -> None:
    for name, operation in operations().items():
        assert operation["x-requires"] in {*Level.__members__, *Access.__members__}, name
        assert operation["security"] or operation["x-requires"] == "PUBLIC", name
        assert any(status.startswith("2") for status in operation["responses"]), name


def test_every_call_answers_below_both_prefixes() -> None:
    paths = {route.path for route in ROUTES}
    for route in ROUTES:
        if route.path.startswith(("/api/2.0/", "/api/3.0/")):
            assert f"/ajax-{route.path[1:]}" in paths


def test_a_call_that_does_not_say_what_it_requires_or_returns_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="requires"):
        endpoint("GET", "nowhere", Empty, returns=Empty)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="must say what it requires"):
        endpoint("GET", "nowhere", Empty, requires=None, returns=Empty)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="returns"):
        endpoint("GET", "nowhere", Empty, requires=Access.PUBLIC)  # type: ignore[call-arg]


def test_a_trailing_slash_leads_nowhere(client: Client, db: None) -> None:
    for route in PROGRAMS:
        if "<path:" not in route.pattern:  # there the slash belongs to the value
            for method in METHODS:
                answer = client.generic(method, f"{route.path}/")
                assert answer.status_code == 404, (method, route.pattern)


def test_nobody_gets_in_without_signing_in(client: Client, db: None) -> None:
    for route in ROUTES:
        for method in METHODS:
            answer = client.generic(method, route.path, b"{}", content_type="application/json")
            refused = answer.status_code in REFUSED
            # A page leads to another one of this list, and in the end to the sign-in page.
            elsewhere = answer.status_code == 302 and answer["Location"].startswith(PAGES)
            assert refused or elsewhere or route.path in OPEN, (method, route.pattern, answer.status_code)


def test_every_operation_has_its_recipe() -> None:
    assert sorted(RECIPES) == sorted(operations())


def test_every_kind_of_caller_gets_from_every_call_what_the_golden_matrix_says(world: World) -> None:
    width = max(map(len, RECIPES)) + 2
    lines = [f"{'':{width}}{'requires':11}" + "".join(f"{caller:{len(caller) + 2}}" for caller in CALLERS)]
    for recipe in sorted(RECIPES, key=lambda name: name.split(" ")[::-1]):
        statuses = []
        for caller in CALLERS:
            with world.afterwards_as_before():
                statuses.append(world.callers[caller].send(filled(recipe, world.names)).status)
        requires = operations()[recipe]["x-requires"]
        told = "".join(f"{status:<{len(caller) + 2}}" for caller, status in zip(CALLERS, statuses, strict=True))
        lines.append(f"{recipe:{width}}{requires:11}{told}")
    compared("security/golden_matrix.txt", "\n".join(line.rstrip() for line in lines) + "\n")


def test_a_token_of_a_scope_too_narrow_is_told_so(world: World) -> None:
    answer = world.callers["read token"].send(filled("POST /api/2.0/mlflow/runs/delete", world.names))
    assert answer.status == 403
    assert answer.json() == {
        "error_code": PermissionDenied.code,
        "message": "This token's scope is 'read', which does not allow this.",
    }
