"""Doors as people take them: calls with a token of their own, pages and admin forms in a session."""

import json
import re
from typing import Any

from django.conf import settings
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import tokens
from apps.governance.models import ChangeRequest
from apps.registry.models import ModelVersion
from mlregistry.actor import system

WIRE, V3, NATIVE = "/api/2.0/mlflow/", "/api/3.0/mlflow/", "/api/v1/"
Answer = tuple[int, Any]
_NAMED = re.compile(r"Change request (\d+) .*/admin/reviews/\1/$", re.DOTALL)


class Caller:
    """Somebody with a client."""

    def __init__(self, user: User) -> None:
        _, text = tokens.create(user=user, name="test", scope="admin", by=system("test"))
        self._client = Client(headers={"authorization": f"Bearer {text}"})

    def call(self, method: str, path: str, **body: Any) -> Answer:
        """Status and answer of a call to MLflow's wire; other paths begin with a slash."""
        address = path if path.startswith("/") else f"{WIRE}{path}"
        if method == "GET":
            answer = self._client.get(address, body)
        else:
            answer = self._client.generic(method, address, json.dumps(body), content_type="application/json")
        content = b"".join(answer)
        return answer.status_code, json.loads(content) if content else None

    def native(self, method: str, path: str, **body: Any) -> Answer:
        return self.call(method, f"{NATIVE}{path}", **body)

    def put(self, path: str, body: bytes) -> int:
        """Upload an artifact through the proxy."""
        return self._client.generic(
            "PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", body, content_type="application/octet-stream"
        ).status_code


def in_browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def asked_for(answer: Answer) -> ChangeRequest:
    """The request that a refusal names, with the address where it is decided."""
    status, body = answer
    assert status == 403, body
    assert body["error_code"] == "PERMISSION_DENIED"
    found = _NAMED.search(body["message"])
    assert found, body["message"]
    return ChangeRequest.objects.get(pk=found[1])


def refused(answer: Answer, words: str) -> None:
    status, body = answer
    assert status in {400, 403}, body
    assert words in json.dumps(body), body


def accepted(answer: Answer) -> None:
    status, body = answer
    assert status == 200, body


def to_production(caller: Caller, version: ModelVersion, **more: Any) -> Answer:
    said = {"name": version.model.name, "version": str(version.version), "stage": "Production"} | more
    return caller.call("POST", "model-versions/transition-stage", **said)


def vote(caller: Caller, request: ChangeRequest) -> Answer:
    request.refresh_from_db()
    seen = {"seen": request.evidence_digest} if request.evidence_digest else {}
    return caller.native("POST", f"change-requests/{request.pk}/approve", **seen)


def stage(version: ModelVersion) -> str:
    return ModelVersion.objects.get(pk=version.pk).current_stage
