"""The world of `world.py`, and the application as granian calls it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from mlregistry.wsgi import application
from tests.scorer import scoring
from tests.security import world as worlds

App = Callable[[dict[str, Any], Any], list[bytes]]


@pytest.fixture
def world(db: None, tmp_path: Path, settings: Any) -> Iterator[worlds.World]:
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path / "artifacts")
    with scoring():
        yield worlds.standing(tmp_path / "artifacts")
    worlds.keys.forget()


@pytest.fixture
def app() -> Iterator[App]:
    """The application, for clients that do not close what they read, and for tests within a transaction.

    Between two requests it would close a connection whose transaction is open, as that of a test always is.
    """

    def read_whole(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        response = application(environ, start_response)
        try:
            return [b"".join(response)]
        finally:
            response.close()

    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield read_whole
    for signal in signals:
        signal.connect(close_old_connections)
