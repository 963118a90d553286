"""Servers that a test starts, stopped when it ends."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.serve.processes import Served


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts a server on the folder of the test, with the given environment."""
    started: list[Served] = []

    def start(**environment: str) -> Served:
        started.append(Served(tmp_path, **environment))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            family = server.family()
            for pid in family:
                with suppress(ProcessLookupError):  # it has ended meanwhile
                    os.kill(pid, signal.SIGKILL)
            server.process.wait()
