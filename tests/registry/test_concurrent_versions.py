"""Fifty clients at once, against the running server: every number is given once, and none is left out."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.live import LiveServer

# One after the other with what else takes many connections: PostgreSQL has a hundred.
pytestmark = pytest.mark.xdist_group("races")

CLIENTS = 50
NAME = "registered by fifty at once"
TIME_LIMIT_S = 120


def at_once(server: LiveServer, send: Callable[[Any, int], Any]) -> list[Any]:
    """What each of fifty clients is answered, all of them beginning together, each with a connection of its own."""
    start = threading.Barrier(CLIENTS)

    def begin(client: int) -> Any:
        with server.session() as session:
            start.wait()
            answer = send(session, client)
            assert answer.ok, answer.text
            return answer.json()

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(begin, range(CLIENTS)))


def test_fifty_clients_who_register_versions_at_once_get_fifty_numbers_without_a_gap(server: LiveServer) -> None:
    with server.session() as session:
        made = session.post(server.url("api/2.0/mlflow/registered-models/create"), json={"name": NAME})
        assert made.ok, made.text

    def register(session: Any, client: int) -> Any:
        body = {"name": NAME, "source": f"s3://bucket/{client}"}
        return session.post(server.url("api/2.0/mlflow/model-versions/create"), json=body, timeout=TIME_LIMIT_S)

    answers = at_once(server, register)

    given = {int(answer["model_version"]["version"]): answer["model_version"]["source"] for answer in answers}
    assert sorted(given) == list(range(1, CLIENTS + 1))
    with server.session() as session:
        found = session.get(server.url("api/2.0/mlflow/model-versions/search"), params={"filter": f"name = '{NAME}'"})
    assert {int(row["version"]): row["source"] for row in found.json()["model_versions"]} == given


def test_fifty_people_who_write_one_card_at_once_leave_fifty_revisions_without_a_gap(server: LiveServer) -> None:
    name = f"{NAME}, described"
    with server.session() as session:
        for call, body in (("registered-models", {}), ("model-versions", {"source": "s3://bucket/model"})):
            made = session.post(server.url(f"api/2.0/mlflow/{call}/create"), json={"name": name, **body})
            assert made.ok, made.text
    card = server.url(f"api/v1/registered-models/{name}/versions/1/card")

    def write(session: Any, client: int) -> Any:
        body = {"sections": {"data": f"by client {client}"}}
        return session.put(card, json=body, timeout=TIME_LIMIT_S)

    answers = at_once(server, write)

    revisions = sorted(answer["revision"] for answer in answers)
    assert revisions == list(range(revisions[0], revisions[0] + CLIENTS))
    with server.session() as session:
        assert session.get(card).json()["revision"] == revisions[-1]
