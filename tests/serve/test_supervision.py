"""The supervisor: stops everyone, leaves no one, and starts again what dies."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.live import PROJECT, migrated
from tests.serve.processes import Served, alive, until

Serve = Callable[..., Served]


@pytest.fixture(autouse=True)
def tables(tmp_path: Path) -> None:
    """What a start makes of an empty folder, other tests show."""
    migrated(tmp_path / "data")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_leaves_no_process(serve: Serve, number: signal.Signals) -> None:
    server = serve().ready()
    family = server.family()
    assert len(family) == 5  # the supervisor, the web server and its two workers, the worker for jobs
    server.process.send_signal(number)
    assert server.process.wait(20) == 0
    assert alive(family) == set()


def test_clients_that_keep_their_connections_do_not_hold_up_the_end(serve: Serve) -> None:
    server = serve().ready()
    with requests.Session() as client:
        assert client.get(f"{server.address}/health", timeout=5).ok
        server.process.terminate()
        assert server.process.wait(20) == 0
    assert "was killed" not in server.said()


def test_a_signal_before_it_answers_stops_it_too(serve: Serve) -> None:
    server = serve()
    until(lambda: len(server.family()) > 1)
    family = server.family()
    server.process.terminate()
    server.process.wait(20)
    until(lambda: not alive(family))


def test_a_killed_supervisor_leaves_no_orphans(serve: Serve) -> None:
    server = serve().ready()
    family = server.family()
    server.process.kill()
    server.process.wait()
    until(lambda: not alive(family), within=20)


def test_a_killed_web_server_is_started_again(serve: Serve) -> None:
    server = serve().ready()
    before = server.family()
    web = server.web()
    os.kill(web, signal.SIGKILL)
    until(lambda: server.process.pid in server.family() and "starting it again" in server.said())
    until(server.answers)
    until(lambda: not alive({web, *before[web]}), within=10)
    assert "The web server ended by SIGKILL; starting it again." in server.said()


def test_a_killed_process_of_the_web_server_is_replaced(serve: Serve) -> None:
    server = serve().ready()
    web = server.web()
    victim = server.family()[web][0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(server.family()[web]) == 2 and victim not in server.family()[web])
    until(server.answers)


def test_a_killed_worker_is_started_again(serve: Serve) -> None:
    server = serve().ready()
    worker = server.worker()
    os.kill(worker, signal.SIGKILL)
    until(lambda: "The worker ended by SIGKILL; starting it again." in server.said())
    until(lambda: len(server.family()[server.process.pid]) == 2)
    assert server.worker() != worker
    assert server.answers()


def test_the_worker_beside_the_server_runs_what_is_due(serve: Serve, tmp_path: Path) -> None:
    serve(MLREGISTRY_JOB_HEARTBEAT="0.5").ready()
    with sqlite3.connect(tmp_path / "data" / "mlregistry.sqlite3") as database:
        query = "select count(*) from jobs_job where username = 'system:schedule' and state = 'succeeded'"
        until(lambda: database.execute(query).fetchone()[0] > 0)


def supervised(script: str) -> subprocess.CompletedProcess[str]:
    """Run a small program under the supervisor."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_child_that_dies_at_once_again_and_again_ends_the_server() -> None:
    ended = supervised(
        """
        import sys, time
        from mlregistry import supervisor
        supervisor.LONGEST_PAUSE_S = 0.05
        children = [
            supervisor.Child("broken child", lambda: sys.exit(3)),
            supervisor.Child("steady child", lambda: time.sleep(600)),
        ]
        under = supervisor.Supervisor(children, lambda line: print(line, flush=True))
        under.start()
        sys.exit(under.run())
        """
    )
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert lines[:5] == ["The broken child ended with exit code 3; starting it again."] * 5
    assert lines[5:] == ["The broken child ended with exit code 3, again and again right after its start: giving up."]


def test_a_child_that_does_not_stop_is_killed() -> None:
    begun = time.monotonic()
    ended = supervised(
        """
        import os, signal, sys, time
        from mlregistry import supervisor
        supervisor.STOP_WITHIN_S = 1.0
        def stubborn():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.kill(os.getppid(), signal.SIGTERM)
            time.sleep(600)
        under = supervisor.Supervisor([supervisor.Child("stubborn child", stubborn)], print)
        under.start()
        sys.exit(under.run())
        """
    )
    assert ended.returncode == 0
    assert ended.stdout == "The stubborn child did not stop within 1 s and was killed.\n"
    assert time.monotonic() - begun < 20
