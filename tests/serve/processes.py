"""`manage.py serve` and its children, as the system sees them."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.live import PROJECT, clean_environment, free_port


class Served:
    """A server of its own: started with `environment`, watched from outside."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"serve-{self.port}.log"
        settings = {"MLREGISTRY_DATA": str(folder / "data"), "MLREGISTRY_PORT": str(self.port)}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=PROJECT,
                env=clean_environment() | settings | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ready(self) -> "Served":
        """Wait until it has said that it answers."""
        until(lambda: self.process.poll() is not None or "MLFLOW_TRACKING_URI" in self.said())
        assert self.process.poll() is None, self.said()
        return self

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/health", timeout=5).text == "OK"
        except requests.ConnectionError:
            return False

    def family(self) -> dict[int, list[int]]:
        """Each of its processes, with its children."""
        children = by_parent()
        found = {self.process.pid: children.get(self.process.pid, [])}
        for generation in (found[self.process.pid], *(children.get(pid, []) for pid in found[self.process.pid])):
            found |= {pid: children.get(pid, []) for pid in generation}
        return found

    def web(self) -> int:
        """The web server: the child with children of its own."""
        return next(pid for pid, children in self.family().items() if children and pid != self.process.pid)

    def worker(self) -> int:
        """The worker: the child without."""
        family = self.family()
        return next(pid for pid in family[self.process.pid] if not family[pid])


def by_parent() -> dict[int, list[int]]:
    """The children of every process of this machine."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], check=True, capture_output=True, text=True).stdout
    children: dict[int, list[int]] = {}
    for line in listed.splitlines():
        pid, parent, state = line.split()
        if not state.startswith("Z"):
            children.setdefault(int(parent), []).append(int(pid))
    return children


def alive(pids: Any) -> set[int]:
    """Those of `pids` that still run."""
    running = {pid for children in by_parent().values() for pid in children}
    return running & set(pids)


def until(condition: Callable[[], Any], within: float = 60) -> Any:
    """Wait until the condition holds; what it returned then."""
    deadline = time.monotonic() + within
    while not (holds := condition()):
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.05)
    return holds
