"""How the tests of artifacts call the wire, in this process."""

from typing import Any

from django.http.response import HttpResponseBase
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import tokens
from mlregistry.actor import system

PROXY = "/api/2.0/mlflow-artifacts"
FILES = f"{PROXY}/artifacts"
MLFLOW = "/api/2.0/mlflow"
JSON = "application/json"


def as_user(user: User, *, scope: str = "admin") -> Client:
    """A client signed in by a token that, unless it is told otherwise, may do everything its user may."""
    token = tokens.create(user=user, name="test", scope=scope, by=system("test"))[1]
    return Client(headers={"authorization": f"Bearer {token}"})


def content(response: Any) -> bytes:
    """The whole body. Reading a streamed one to its end closes it, as the gateway would."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def put(client: Client, path: str, body: bytes = b"text", **headers: str) -> HttpResponseBase:
    return client.put(f"{FILES}/{path}", body, content_type="application/octet-stream", headers=headers)


def get(client: Client, path: str, **headers: str) -> Any:
    """The answer to a download, with all that was streamed as its `body`."""
    answer: Any = client.get(f"{FILES}/{path}", headers=headers)
    answer.body = content(answer)
    return answer


def names(client: Client, path: str) -> list[str]:
    """What a listing of the proxy's folder shows."""
    answer = client.get(FILES, {"path": path})
    assert answer.status_code == 200, answer.content
    return [found["path"] for found in answer.json().get("files", [])]
