"""The web server's child: granian, whose workers are forked from a process that has loaded everything already."""

import os
import signal
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from mlregistry.orphans import die_with_parent

THREADS = 32
"""Requests that one worker answers at a time; each thread that touches the database keeps one connection."""
CONNECTIONS = 512
"""Open connections that one worker holds; clients of MLflow keep theirs between calls."""
KEEP_ALIVE_MS = 60_000
FINISH_WITHIN_S = 8
"""What a request may still take once the server was told to stop."""


def load() -> Callable[..., Any]:
    """The application with its routes, middleware and views: all that a first request would otherwise wait for."""
    from django.urls import get_resolver  # noqa: PLC0415  loads every view

    from mlregistry.wsgi import application  # noqa: PLC0415

    get_resolver().url_patterns  # noqa: B018  a property that imports
    return application


def serve(host: str, port: int, workers: int) -> None:
    """Serve until told to stop."""
    Server(
        "mlregistry.wsgi:application",
        address=host.strip("[]"),
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=KEEP_ALIVE_MS),
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=FINISH_WITHIN_S,
    ).serve(target_loader=_in_worker, wrap_loader=False)


def _in_worker() -> Callable[..., Any]:
    die_with_parent(os.getppid(), signal.SIGKILL)
    return load()
