"""What is looked into, how much of it may be, and what everybody who looks needs."""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import BinaryIO, cast

from apps.registry.content.scanning.allowed import Allowed
from apps.registry.content.scanning.findings import Findings, LimitReached, Unreadable

MOST_MEMBERS = 10_000
STEPS_AT_LEAST = 200_000_000
DEEPEST = 5
UNPACKED_AT_LEAST = 256 * 1024 * 1024
UNPACKED_RATIO = 50
IN_MEMORY = 8 * 1024 * 1024


class Budget:
    """What a scan may cost. Each file adds to it by its size, so that many small bombs do no more than one."""

    def __init__(self) -> None:
        self._members = 0
        self._bytes = UNPACKED_AT_LEAST
        self._steps = STEPS_AT_LEAST

    def add_file(self, size: int) -> None:
        self._members = MOST_MEMBERS
        self._bytes += UNPACKED_RATIO * size
        self._steps += size

    def take_members(self, count: int) -> None:
        self._members -= count
        if self._members < 0:
            raise LimitReached(f"It has more than {MOST_MEMBERS:,} members.")

    def take_bytes(self, count: int) -> None:
        self._bytes -= count
        if self._bytes < 0:
            raise LimitReached("It unpacks to far more than its own size, or others before it did.")

    def take_steps(self, count: int) -> None:
        self._steps -= count
        if self._steps < 0:
            raise LimitReached("Its pickles, and those before it, have more opcodes than can be followed.")


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a member of one: `path` names the way to it, `depth` says how many archives it is packed in."""

    path: str
    stream: BinaryIO
    size: int
    depth: int = 0

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    def start(self, length: int) -> bytes:
        self.stream.seek(0)
        return self.stream.read(length)


@dataclass(frozen=True, slots=True)
class Examination:
    """What is shared by those who look into the files of a scan. `examine` looks into a piece, whatever it is."""

    allowed: Allowed
    findings: Findings
    budget: Budget
    examine: "Callable[[Piece, Examination], None]"

    def examine_member(self, parent: Piece, name: str, chunks: Iterable[bytes]) -> None:
        """Look into what is packed in `parent`. It is kept while that lasts, in a file without a name."""
        if parent.depth >= DEEPEST:
            raise Unreadable(f"Archives are packed in one another more than {DEEPEST} deep.")
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as kept:
            size = 0
            for chunk in chunks:
                self.budget.take_bytes(len(chunk))
                kept.write(chunk)
                size += len(chunk)
            kept.seek(0)
            stream = BufferedReader(cast("RawIOBase", kept))
            self.examine(Piece(f"{parent.path}!/{name}", stream, size, parent.depth + 1), self)
