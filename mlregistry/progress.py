"""How commands that take long say how far they are, and that somebody ended them."""

import time

from django.core.management.base import OutputWrapper

SAY_EVERY_S = 1.0
INTERRUPTED = 130
"""What a shell expects of a command that Ctrl-C ended."""


class ProgressLines:
    """Told how many are done, of how many, and what is being done, it writes at most one line a second."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._said = time.monotonic()

    def __call__(self, done: int, total: int, message: str) -> None:
        now = time.monotonic()
        if now - self._said >= SAY_EVERY_S:
            self._said = now
            self._out.write(f"{done} of {total}{', ' if message else ''}{message}")
            self._out.flush()
