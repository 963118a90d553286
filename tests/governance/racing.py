"""Many people doing something at the same moment, each in a thread with a connection of its own."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connections

from mlregistry.errors import RegistryError

Act = Callable[[], Any]


class Crowd:
    """Threads that stay, so that a thousand rounds open no more connections than one."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool

    def at_once(self, acts: Sequence[Act]) -> list[Any]:
        """What each came to; a refusal is its exception. Anything else that is raised is raised here."""
        barrier = threading.Barrier(len(acts))

        def begin(act: Act) -> Any:
            barrier.wait()
            try:
                return act()
            except RegistryError as refusal:
                return refusal

        return list(self.pool.map(begin, acts))


@contextmanager
def crowd(size: int) -> Iterator[Crowd]:
    with ThreadPoolExecutor(size) as pool:
        try:
            yield Crowd(pool)
        finally:
            together = threading.Barrier(size)

            def leave(_: int) -> None:
                together.wait()
                connections.close_all()

            list(pool.map(leave, range(size)))
