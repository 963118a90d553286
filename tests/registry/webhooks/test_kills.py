"""The real server, killed again and again while it sends: every event arrives, each model's in their order."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import mlflow
import pytest

from tests.live import LiveServer, fresh_database, ours
from tests.receiver import Got, Receiver, receiving
from tests.registry.webhooks.conftest import SECRET
from tests.serve.processes import by_parent, until

EVENTS = [("a", "1"), ("a", "2"), ("b", "1"), ("a", "3"), ("b", "2")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server of its own, which may call this machine and soon notices that a worker is dead."""
    with ExitStack() as stack:
        address = os.environ.get("DATABASE_URL", "")
        database = stack.enter_context(fresh_database(address)) if address.startswith("postgres") else ""
        settings = {"MLREGISTRY_OUTGOING_ALLOW": "127.0.0.1", "MLREGISTRY_JOB_HEARTBEAT": "0.3"}
        yield stack.enter_context(ours(tmp_path, database=database, **settings))


def tell(server: LiveServer) -> None:
    """Let everything happen: versions are registered by the genuine client."""
    client = mlflow.MlflowClient(server.address)
    for name in ("a", "b"):
        client.create_registered_model(name)
    for name, version in EVENTS:
        assert client.create_model_version(name, "s3://bucket/model").version == version


def kill_everything(server: LiveServer) -> None:
    """SIGKILL to web server and worker; the supervisor starts both again."""
    before = by_parent()[server.process.pid]
    assert len(before) == 2
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(by_parent().get(server.process.pid, [])) - set(before)) == 2)


class Reluctant:
    """Lets the server die while it waits for the first answer, says no to the next, and yes from then on."""

    def __init__(self) -> None:
        self.times_refused = 0
        self.waiting, self.go_on = threading.Event(), threading.Event()

    def __call__(self, got: Got) -> int:
        if (got.data["name"], got.data["version"]) != EVENTS[0] or self.times_refused == 2:
            return 200
        self.times_refused += 1
        if self.times_refused == 1:
            self.waiting.set()
            self.go_on.wait(60)
        return 503


def test_every_event_arrives_in_order_and_signed_although_the_server_is_killed(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    reluctant = Reluctant()
    with receiving() as receiver, server.session() as session:
        receiver.answer = reluctant
        hook = _hook(server, session, receiver)
        tell(server)
        assert reluctant.waiting.wait(30)
        kill_everything(server)
        reluctant.go_on.set()
        until(lambda: reluctant.times_refused == 2)
        kill_everything(server)
        until(lambda: len(_delivered(server, session, hook)) == len(EVENTS))
    arrived = [(got.data["name"], got.data["version"]) for got in receiver.got]
    assert set(arrived) == set(EVENTS)
    assert arrived.count(("a", "1")) >= 3
    for model in ("a", "b"):
        versions = [version for name, version in arrived if name == model]
        assert versions == sorted(versions), "none overtook another"
    assert all(got.is_signed_with(SECRET) for got in receiver.got)
    ids = {(got.delivery_id, got.body) for got in receiver.got}
    assert len(ids) == len(EVENTS), "what came twice came as the same message"


def _hook(server: LiveServer, session: Any, receiver: Receiver) -> str:
    wanted = {
        "name": "hook",
        "url": receiver.address,
        "secret": SECRET,
        "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}],
    }
    made = session.post(server.url("api/2.0/mlflow/webhooks"), json=wanted, timeout=30)
    assert made.ok, made.text
    return str(made.json()["webhook"]["webhook_id"])


def _delivered(server: LiveServer, session: Any, hook: str) -> list[Any]:
    """What the server says has arrived; nothing while it starts."""
    try:
        path = f"api/v1/webhooks/{hook}/deliveries"
        answer = session.get(server.url(path), params={"state": "delivered"}, timeout=10)
        answer.raise_for_status()
    except OSError:  # as requests has it
        return []
    found: list[Any] = answer.json()["results"]
    return found
