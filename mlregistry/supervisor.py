"""One process that starts the others, starts them again when they die, and ends with all of them.

Children are forked, not started anew: what the parent has imported they share, which halves the memory of the whole
and the time to the first answer. The parent itself keeps no thread and no connection, so a fork is safe at any time.
"""

import gc
import multiprocessing
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.context import ForkProcess

from mlregistry.orphans import die_with_parent

STOP_WITHIN_S = 10.0
STEADY_AFTER_S = 30.0
"""A child that lived this long was not broken from the start."""
MOST_QUICK_DEATHS = 5
LONGEST_PAUSE_S = 8.0

forking = multiprocessing.get_context("fork")


@dataclass
class Child:
    """A process to keep running: what it runs, and how its last starts went."""

    name: str
    run: Callable[[], None]
    process: ForkProcess | None = None
    started: float = 0.0
    due: float = 0.0
    quick_deaths: int = 0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = forking.Process(target=_become, args=(self.run, os.getpid()), name=self.name)
        self.process.start()

    def bury(self) -> str:
        """Plan the next start after the process ended; says how it ended."""
        process, self.process = self.process, None
        code = process.exitcode if process else 0
        now = time.monotonic()
        self.quick_deaths = 0 if now - self.started > STEADY_AFTER_S else self.quick_deaths + 1
        self.due = now + min(LONGEST_PAUSE_S, (2**self.quick_deaths - 2) / 4) if self.quick_deaths else now
        return f"by {signal.Signals(-code).name}" if code and code < 0 else f"with exit code {code}"


class Supervisor:
    """Runs `children` until SIGTERM or SIGINT, or until one of them cannot be kept running."""

    def __init__(self, children: Iterable[Child], say: Callable[[str], None]) -> None:
        self._children = list(children)
        self._say = say
        self._told_to_stop = False
        self._woken, self._wake = os.pipe()

    def start(self) -> None:
        """Start every child. From here on a signal to stop is remembered, not obeyed at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()  # a collection in a child would write to every page that it shares with its parent
        for child in self._children:
            child.start()

    def run(self) -> int:
        """Watch the children; returns the exit code."""
        while not self._told_to_stop:
            self._wait(self._until_next_start())
            if not self._tend():
                self.stop()
                return 1
        self.stop()
        return 0

    def alive(self) -> bool:
        """Whether nothing has gone wrong yet: for whoever waits for the first answer."""
        return not self._told_to_stop and all(child.process and child.process.is_alive() for child in self._children)

    def stop(self) -> None:
        """Ask every child to end, and end those that take too long."""
        running = [child.process for child in self._children if child.process]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S
        for process in running:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                self._say(f"The {process.name} did not stop within {STOP_WITHIN_S:.0f} s and was killed.")
                process.kill()
                process.join()

    def _tend(self) -> bool:
        """Start what has ended and is due. False when a child died too often right after its start."""
        for child in self._children:
            if self._told_to_stop:
                return True
            if child.process and not child.process.is_alive():
                ended = child.bury()
                if child.quick_deaths > MOST_QUICK_DEATHS:
                    self._say(f"The {child.name} ended {ended}, again and again right after its start: giving up.")
                    return False
                self._say(f"The {child.name} ended {ended}; starting it again.")
            if child.process is None and child.due <= time.monotonic():
                child.start()
        return True

    def _until_next_start(self) -> float | None:
        pauses = [child.due - time.monotonic() for child in self._children if child.process is None]
        return max(0.0, min(pauses)) if pauses else None

    def _wait(self, timeout: float | None) -> None:
        """Sleep until a child ends, a signal comes, or `timeout` seconds are over."""
        sentinels = [child.process.sentinel for child in self._children if child.process]
        ready, _, _ = select.select([self._woken, *sentinels], [], [], timeout)
        if self._woken in ready:
            os.read(self._woken, 512)

    def _on_signal(self, number: int, frame: object) -> None:
        self._told_to_stop = True


def _become(run: Callable[[], None], parent: int) -> None:
    """In the child: forget the parent's signal handling, and never outlive it."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # A group of its own: Ctrl-C reaches the supervisor alone, which then stops everyone in order.
    os.setpgrp()
    die_with_parent(parent, signal.SIGTERM)
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(1)
