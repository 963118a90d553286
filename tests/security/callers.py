"""Those who call, each with the credentials that a client would send."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import tokens
from mlregistry.actor import system
from tests.security.recipes import Call

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Caller:
    client: Client

    def send(self, call: Call) -> Answer:
        """The answer to a call that was filled in, read to its end."""
        answer = self.client.generic(
            call.method, call.path, call.body, content_type=call.content_type, query_params=call.query
        )
        return Answer(answer.status_code, b"".join(answer), answer.headers)


def by_password(user: User) -> Caller:
    credentials = base64.b64encode(f"{user.username}:{PASSWORD}".encode()).decode()
    return Caller(Client(headers={"authorization": f"Basic {credentials}"}))


def by_token(user: User, **wanted: Any) -> Caller:
    _, text = tokens.create(user=user, by=system("test"), **({"name": "test", "scope": "admin"} | wanted))
    return Caller(Client(headers={"authorization": f"Bearer {text}"}))
