"""The bytes of a pickle as its opcodes take them: numbers, lines, texts, and long stretches that are passed over."""

import os
from typing import BinaryIO

LONGEST_TEXT = 120
"""Bytes. No module or class has a longer name; what is longer is passed over."""
LONGEST_LINE = 64 * 1024
READ_RATHER_THAN_SOUGHT = 64 * 1024


class Malformed(Exception):
    """No unpickler would read on here either."""


class LongText:
    """The place of a text that was too long to be kept."""


LONG_TEXT = LongText()


class Tape:
    """`stream`, from where it stands up to byte `end`."""

    def __init__(self, stream: BinaryIO, end: int) -> None:
        self.stream = stream
        self.end = end
        self.read = stream.read

    @property
    def position(self) -> int:
        return self.stream.tell()

    def exactly(self, length: int) -> bytes:
        found = self.read(length)
        if len(found) != length:
            raise Malformed("it ends in the middle of an opcode")
        return found

    def number(self, width: int) -> int:
        return int.from_bytes(self.exactly(width), "little")

    def skip(self, length: int) -> None:
        """Pass over `length` bytes, which must be there."""
        if length <= READ_RATHER_THAN_SOUGHT:
            self.exactly(length)
        elif self.position + length > self.end:
            raise Malformed("it says that more follows than there is")
        else:
            self.stream.seek(length, os.SEEK_CUR)

    def line(self) -> bytes | LongText:
        """Up to the next line feed, without it."""
        found = self.stream.readline(LONGEST_LINE)
        if found.endswith(b"\n"):
            return found[:-1]
        while len(found) == LONGEST_LINE:
            found = self.stream.readline(LONGEST_LINE)
            if found.endswith(b"\n"):
                return LONG_TEXT
        raise Malformed("it ends in the middle of a line")

    def text(self, length: int, encoding: str = "utf-8", errors: str = "surrogatepass") -> str | LongText:
        if length > LONGEST_TEXT:
            self.skip(length)
            return LONG_TEXT
        return self.exactly(length).decode(encoding, errors)
