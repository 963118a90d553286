"""Bad input never breaks it: made-up requests to every operation, held to the schema (SECURITY.md G6 and I).

Each request is made up by schemathesis, well-formed or malformed, and some of its fields are then those of a recipe, so
that it gets further than the first check. It is made as an administrator, in the process, and undone afterwards.
`MLREGISTRY_FUZZ=1200` makes that many requests to each operation: a hundred thousand in all.
"""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.security.callers import by_token
from tests.security.conftest import App
from tests.security.operations import described, operations
from tests.security.recipes import IN_QUERY, RECIPES, STREAMED, fields_of
from tests.security.world import World

EXAMPLES = int(os.environ.get("MLREGISTRY_FUZZ", "12"))
DECLARED_FAILURES = {"INVALID_STATE", "NOT_IMPLEMENTED"}
"""Refusals of the genuine wire whose status is one of a broken server; the operations that make them say so."""
CHECKS = [content_type_conformance, response_schema_conformance, status_code_conformance]
SCHEMA = schemathesis.openapi.from_dict(described())
OPERATIONS = {
    f"{operation.method.upper()} {operation.path}": operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
}
GROUPS = sorted({operation["tags"][0] for operation in operations().values()})


@st.composite
def requests_to(draw: st.DrawFn, recipe: str, names: dict[str, str]) -> schemathesis.Case:
    """A made-up request, with some fields of the recipe."""
    operation = OPERATIONS[recipe]
    modes = [GenerationMode.POSITIVE]
    if operation.query or operation.body or operation.path_parameters:
        modes.append(GenerationMode.NEGATIVE)
    case = draw(operation.as_strategy(generation_mode=draw(st.sampled_from(modes))))
    for name, value in fields_of(recipe, names).items():
        if draw(st.integers(0, 3)):
            _set(case, recipe, name, value)
    return case


def _set(case: schemathesis.Case, recipe: str, name: str, value: Any) -> None:
    if f"{{{name}}}" in recipe:
        case.path_parameters = {**case.path_parameters, name: value}
    elif recipe.startswith(IN_QUERY) or recipe in STREAMED:
        case.query = {**(case.query or {}), name: value}
    elif isinstance(case.body, dict):
        case.body = {**case.body, name: value}


@pytest.mark.once  # what a database may not take, test_bad_input sends to each
@pytest.mark.parametrize("group", GROUPS)
def test_no_request_breaks_the_server_or_gets_an_answer_that_the_schema_does_not_know(
    world: World, app: App, group: str
) -> None:
    headers = dict(by_token(world.people["administrator"]).client.defaults)
    authorization = {"Authorization": headers["HTTP_AUTHORIZATION"]}
    for recipe in RECIPES:
        if operations()[recipe]["tags"][0] == group:
            _fuzz(world, app, recipe, authorization)


def _fuzz(world: World, app: App, recipe: str, headers: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 100,  # the suite asks the same every time; the long run does not
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=requests_to(recipe, world.names))
    def run(case: schemathesis.Case) -> None:
        with world.afterwards_as_before():
            response = case.call(app=app, base_url="http://localhost", headers=headers)
        if response.status_code >= 500 and response.json().get("error_code") not in DECLARED_FAILURES:
            case.validate_response(response, checks=[not_a_server_error])
        case.validate_response(response, checks=CHECKS)

    run()
