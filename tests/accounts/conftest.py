"""Who takes part in these tests: an administrator, two people, a service account, and how they call."""

import base64
import json
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Team, Token, User
from apps.accounts.services import people, service_accounts, teams, tokens
from mlregistry.actor import Actor, system

PASSWORD = "correct horse battery"


@pytest.fixture
def by() -> Actor:
    return system("test")


@pytest.fixture
def admin(db: None, by: Actor) -> User:
    return people.create(username="root", password=PASSWORD, is_admin=True, by=by)


@pytest.fixture
def ada(admin: User, by: Actor) -> User:
    return people.create(username="ada", password=PASSWORD, by=by)


@pytest.fixture
def bob(admin: User, by: Actor) -> User:
    return people.create(username="bob", password=PASSWORD, by=by)


@pytest.fixture
def robot(ada: User, by: Actor) -> User:
    """Ada answers for it."""
    return service_accounts.create(username="robot", owner=ada, by=by)


@pytest.fixture
def team(by: Actor, db: None) -> Team:
    return teams.create(name="Risk", by=by)


def token_for(user: User, **wanted: Any) -> tuple[Token, str]:
    return tokens.create(user=user, by=system("test"), **({"name": "test", "scope": "admin"} | wanted))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def basic(username: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


class Caller(Client):
    """A client that sends JSON, signed in by the headers it was made with."""

    def __init__(self, headers: dict[str, str] | None = None, **defaults: Any) -> None:
        super().__init__(headers=headers, **defaults)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self.generic(method, path, *([] if body is None else [json.dumps(body), "application/json"]))


def as_token(user: User, **wanted: Any) -> Caller:
    return Caller(headers=bearer(token_for(user, **wanted)[1]))
