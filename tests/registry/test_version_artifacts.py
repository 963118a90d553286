import pytest
from django.test import Client

from apps.accounts.models import User
from tests.tracking.artifacts.calling import as_user

ASKED = {"name": "model", "version": "1", "path": "MLmodel"}


@pytest.fixture
def client(db: None) -> Client:
    return as_user(User.objects.create_user("ada"))


def test_a_version_that_is_not_registered_is_not_found(client: Client) -> None:
    answer = client.get("/model-versions/get-artifact", ASKED)

    assert (answer.status_code, answer.json()) == (
        404,
        {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Model Version (name=model, version=1) not found"},
    )


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "%252e%252e/x", "a\\b", "a;b"])
def test_a_hostile_path_is_refused_before_anything_is_looked_up(client: Client, path: str) -> None:
    assert client.get("/model-versions/get-artifact", ASKED | {"path": path}).status_code == 400


@pytest.mark.parametrize("field", ASKED)
def test_every_field_is_needed(client: Client, field: str) -> None:
    answer = client.get("/model-versions/get-artifact", {name: value for name, value in ASKED.items() if name != field})

    assert answer.status_code == 400
    assert field in answer.json()["message"]


def test_nobody_asks_without_signing_in(db: None) -> None:
    assert Client().get("/model-versions/get-artifact", ASKED).status_code == 401
