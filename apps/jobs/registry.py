"""Which function does which kind of job, and which kinds are due by themselves.

An app registers its functions in its `tasks` module, which the worker loads:

    @register("tracking.gc", every=timedelta(days=1))
    def gc(job: RunningJob) -> dict[str, int]: ...

Work that becomes due at times of its own is looked for by a function declared with `every_tick`.

A job may be stopped at any `job.progress(…)`, or with its machine at any time, and is then run again from the start:
the function has to go on from what it finds done. What it returns is kept as the job's result.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.jobs.running import RunningJob

JobFunction = Callable[["RunningJob"], Mapping[str, Any] | None]

Look = Callable[[], datetime | None]

FUNCTIONS: dict[str, JobFunction] = {}
SCHEDULE: dict[str, timedelta] = {}
LOOKS: list[Look] = []


def register(kind: str, *, every: timedelta | None = None) -> Callable[[JobFunction], JobFunction]:
    """Declare the function for `kind`; with `every`, the worker enqueues one when the last is so long ago."""

    def declare(function: JobFunction) -> JobFunction:
        if FUNCTIONS.setdefault(kind, function) is not function:
            raise ValueError(f"{kind} has a function already: {FUNCTIONS[kind].__qualname__}")
        if every is not None:
            SCHEDULE[kind] = every
        return function

    return declare


def every_tick(look: Look) -> Look:
    """Have the workers' clock call `look` at each tick, and whenever a job has ended.

    It enqueues what is due, and returns when it would like to be called at the latest; None is at the next tick. Every
    worker calls it, from the clock's thread: it has to be quick, and safe to call twice.
    """
    LOOKS.append(look)
    return look
