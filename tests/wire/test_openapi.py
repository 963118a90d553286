"""The schema tells of both APIs, whole, and the committed copy is the one that the code makes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate

from apps.accounts.models import User
from mlregistry.wire import openapi
from mlregistry.wire.answers import Answer
from mlregistry.wire.endpoint import declared
from mlregistry.wire.schema import Empty, Schema

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.yaml"


def test_the_committed_copy_is_up_to_date(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)
    assert made.read_text() == SNAPSHOT.read_text(), "run: make schema"


def test_the_schema_is_valid(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    validate(schema)


def test_every_declared_call_is_told_once_under_its_own_name(schema: dict[str, Any]) -> None:
    told = [operation for methods in schema["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in told]
    assert len(names) == len(set(names))
    for call in declared():
        operation = schema["paths"][f"/{call.routes[0]}"][call.method.lower()]
        assert operation["x-requires"] == call.requires.name
    assert not any("ajax-api" in path for path in schema["paths"])
    assert "/ajax-api" in schema["info"]["description"]


def test_a_struct_becomes_query_path_or_body(schema: dict[str, Any]) -> None:
    get = schema["paths"]["/api/2.0/mlflow/logged-models/{model_id}"]["get"]
    assert [(each["name"], each["in"], each["required"]) for each in get["parameters"]] == [
        ("model_id", "path", True),
        ("allow_deleted", "query", False),
    ]
    patch = schema["paths"]["/api/2.0/mlflow/logged-models/{model_id}/tags"]["patch"]
    assert list(patch["requestBody"]["content"]["application/json"]["schema"]["properties"]) == ["tags"]
    log = schema["paths"]["/api/2.0/mlflow/runs/log-metric"]["post"]
    assert log["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/LogMetric"}


def test_requests_may_carry_unknown_fields_and_answers_may_not(schema: dict[str, Any]) -> None:
    components = schema["components"]["schemas"]
    assert "additionalProperties" not in components["LogMetric"]
    assert components["RunInfo"]["additionalProperties"] is False
    assert components["Empty"]["additionalProperties"] is False


def test_answers_name_their_errors_and_statuses(schema: dict[str, Any]) -> None:
    rename = schema["paths"]["/api/2.0/mlflow/experiments/update"]["post"]
    assert set(rename["responses"]) == {"200", "400", "401", "403", "404", "413", "429", "500"}
    info = schema["paths"]["/api/3.0/mlflow/server-info"]["get"]
    assert info["security"] == []
    assert "401" not in info["responses"]


def test_what_cannot_be_told_is_an_error() -> None:
    call = declared()[0]
    with pytest.raises(ValueError, match="has no nothing"):
        openapi.described([replace(call, path="a/{nothing}")])
    with pytest.raises(ValueError, match="names of their own"):
        openapi.described([call, replace(call, path="elsewhere")])


def test_two_structs_of_one_name_are_an_error() -> None:
    asked = msgspec.defstruct("Twin", [("a", int)], bases=(Schema,), module="one", kw_only=True)
    answered = msgspec.defstruct("Twin", [("b", int)], bases=(Answer,), module="two", kw_only=True)
    with pytest.raises(ValueError, match="share the name"):
        openapi.described([replace(declared()[0], schema=asked, returns=answered)])
    assert openapi.described([replace(declared()[0], schema=asked, returns=Empty)])


def test_only_the_signed_in_see_the_documents(client: Client, db: None) -> None:
    assert client.get("/api/schema/").status_code == 401
    assert client.get("/api/docs/").headers["Location"] == "/accounts/login/?next=/api/docs/"
    client.force_login(User.objects.create_user("ada"))
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert client.get("/api/schema/?format=json").json()["paths"]


def test_the_documents_run_nothing_inline_and_load_nothing_from_elsewhere(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("ada"))
    page = client.get("/api/docs/")
    text = page.content.decode()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<style" not in text
    assert "http" not in text
    for script in text.split("<script")[1:]:
        assert script.startswith(' src="/static/')
        assert script.split(">", 1)[1].startswith("</script>")
