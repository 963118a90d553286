"""Workers for tests: real processes, on the database of the test and on every broker that answers."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from mlregistry.actor import Actor, ActorKind
from mlregistry.celery import make_app
from tests.services import brokers

HEARTBEAT_S = 0.3
PROJECT = Path(__file__).resolve().parents[2]
BROKERS = brokers()

Worker = subprocess.Popen[bytes]


@pytest.fixture
def ada() -> Actor:
    return Actor(username="ada", kind=ActorKind.PERSON, user_id=1, address="192.0.2.1")


@pytest.fixture(autouse=True)
def quick_heartbeat(settings: Any) -> None:
    settings.MLREGISTRY_JOB_HEARTBEAT = HEARTBEAT_S


@dataclass(frozen=True)
class Broker:
    address: str
    queue: str
    data: Path


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """An empty queue on each broker; what the test enqueues goes there."""
    broker = Broker(BROKERS[request.param], f"test-{uuid4().hex}", tmp_path)
    app = make_app(broker.address, broker.queue, broker.data)
    monkeypatch.setattr("mlregistry.celery.app", app)
    yield broker
    with app.connection_for_write() as connected:
        connected.default_channel.queue_delete(broker.queue)
        if request.param == "rabbitmq":
            connected.default_channel.exchange_delete(broker.queue)
    app.close()


@pytest.fixture
def start_worker(broker: Broker) -> Iterator[Callable[..., Worker]]:
    """Starts a worker on the broker and on the database of the test, with further settings."""
    started: list[Worker] = []
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings",
        "DATABASE_URL": _database_url(),
        "MLREGISTRY_DATA": str(broker.data),
        "MLREGISTRY_BROKER": broker.address,
        "MLREGISTRY_QUEUE": broker.queue,
        "MLREGISTRY_JOB_HEARTBEAT": str(HEARTBEAT_S),
    }

    def start(**settings: str) -> Worker:
        command = [sys.executable, "-m", "mlregistry.worker"]
        worker = subprocess.Popen(command, cwd=PROJECT, env=environment | settings)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def _database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    credentials = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
    return f"postgres://{credentials}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
