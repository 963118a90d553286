"""The opcodes that push one value, which they read from the pickle."""

import re
from collections.abc import Callable

from apps.registry.content.scanning.machine import Machine
from apps.registry.content.scanning.tape import LONG_TEXT, LONGEST_TEXT, LongText, Malformed, Tape
from apps.registry.content.scanning.values import PLAIN

_DIGITS_OF_A_LENGTH = 20
_LETTERS = {
    bytes([letter]): bytes([means]) for letter, means in zip(b"\\'\"abfnrtv", b"\\'\"\a\b\f\n\r\t\v", strict=True)
}
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|([\\'\"abfnrtv])|x|\Z)")

Opcode = Callable[[Machine, Tape], None]


def sized(width: int, *, signed: bool = False) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        machine.stack.append(int.from_bytes(tape.exactly(width), "little", signed=signed))

    return opcode


def integer_line(machine: Machine, tape: Tape) -> None:
    line = tape.line()
    short = isinstance(line, bytes) and len(line) <= _DIGITS_OF_A_LENGTH
    machine.stack.append(int(line.rstrip(b"L")) if short and isinstance(line, bytes) else PLAIN)


def long_integer(width: int) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        length = tape.number(width)
        if length > _DIGITS_OF_A_LENGTH:
            tape.skip(length)
            machine.stack.append(PLAIN)
        else:
            machine.stack.append(int.from_bytes(tape.exactly(length), "little", signed=True))

    return opcode


def bytes_passed_over(width: int) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        tape.skip(tape.number(width))
        machine.stack.append(PLAIN)

    return opcode


def text(width: int) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        machine.stack.append(tape.text(tape.number(width)))

    return opcode


def old_text(width: int) -> Opcode:
    """Python 2's strings, which unpicklers read as ASCII unless told otherwise; Latin-1 is never wrong about ASCII."""

    def opcode(machine: Machine, tape: Tape) -> None:
        machine.stack.append(tape.text(tape.number(width), "latin-1", "strict"))

    return opcode


def _kept(text: str) -> str | LongText:
    return text if len(text) <= LONGEST_TEXT else LONG_TEXT


def string_line(machine: Machine, tape: Tape) -> None:
    line = tape.line()
    if isinstance(line, LongText):
        machine.stack.append(LONG_TEXT)
        return
    if len(line) < len("''") or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise Malformed("it has a text without quotation marks")
    machine.stack.append(_kept(unescaped(line[1:-1]).decode("latin-1")))


def unescaped(quoted: bytes) -> bytes:
    """What Python 2 means by backslashes. `codecs.escape_decode` does the same, and warns of what it does not know."""
    return _ESCAPE.sub(_unescaped_one, quoted)


def _unescaped_one(escape: re.Match[bytes]) -> bytes:
    octal, hexadecimal, letter = escape.groups()
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if letter:
        return _LETTERS[letter]
    raise ValueError(escape[0])


def unicode_line(machine: Machine, tape: Tape) -> None:
    line = tape.line()
    machine.stack.append(LONG_TEXT if isinstance(line, LongText) else _kept(line.decode("raw-unicode-escape")))


def line_passed_over(machine: Machine, tape: Tape) -> None:
    tape.line()
    machine.stack.append(PLAIN)


def passed_over(width: int) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        tape.exactly(width)
        machine.stack.append(PLAIN)

    return opcode


def pushed(value: object) -> Opcode:
    def opcode(machine: Machine, tape: Tape) -> None:
        machine.stack.append(value)

    return opcode
