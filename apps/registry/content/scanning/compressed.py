"""Files that are one compressed stream: gzip, bzip2, xz, and zlib's own format, which joblib writes."""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from apps.registry.content.scanning.findings import Unreadable
from apps.registry.content.scanning.pieces import Examination, Piece

AT_A_TIME = 1024 * 1024
MEMORY_OF_LZMA = 256 * 1024 * 1024
_GZIP, _ZLIB = 31, 15
_ZLIB_METHOD, _ZLIB_CHECK = 0x78, 31
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_SUFFIXES = {".tgz": ".tar", ".gz": "", ".bz2": "", ".xz": "", ".lzma": "", ".z": ""}
UNREADABLE = {
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x04\x22\x4d\x18": "LZ4",
    b"\x1f\x9d": "compress",
    b"LZIP": "lzip",
    b"ZF0x": "an old release of joblib",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"MSCF": "Cabinet",
    b"\xff\x06\x00\x00sNaPpY": "Snappy",
    b"!<arch>\n": "ar",
    b"070701": "cpio",
}
"""What begins so is packed by these programs, and nothing in the standard library unpacks it."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zlib:
    """zlib's decompressor with the manners of the others: it keeps what it could not yet unpack."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def refuse_unknown(piece: Piece, examination: Examination) -> None:
    """Stop at what is packed in a way that cannot be read here."""
    start = piece.start(max(map(len, UNREADABLE)))
    for magic, program in UNREADABLE.items():
        if start.startswith(magic):
            raise Unreadable(f"It is packed by {program}, which cannot be read here.")


def decompressor(start: bytes) -> "Callable[[], _Decompressor] | None":
    """What unpacks a file that begins with `start`; None if it is not compressed."""
    if start.startswith(b"\x1f\x8b"):
        return lambda: _Zlib(_GZIP)
    if _BZIP2.match(start):
        return bz2.BZ2Decompressor
    if start.startswith((b"\xfd7zXZ\0", b"]\0\0")):
        return lambda: lzma.LZMADecompressor(memlimit=MEMORY_OF_LZMA)
    if start[:1] == bytes([_ZLIB_METHOD]) and int.from_bytes(start[:2], "big") % _ZLIB_CHECK == 0:
        return (lambda: _Zlib(_ZLIB)) if _is_zlib(start) else None
    return None


def _is_zlib(start: bytes) -> bool:
    """Two bytes prove little: a text may begin with them. What follows must unpack as well."""
    try:
        zlib.decompressobj(_ZLIB).decompress(start, AT_A_TIME)
    except zlib.error:
        return False
    return True


def examine_compressed(piece: Piece, examination: Examination, *, make: Callable[[], _Decompressor]) -> None:
    name = piece.name
    for suffix, instead in _SUFFIXES.items():
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)] + instead
    examination.examine_member(piece, name, _unpacked(piece, make))


def _unpacked(piece: Piece, make: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """What is in the stream, or in one stream after another, with zeros between them or none."""
    piece.stream.seek(0)
    data = _without_zeros(piece.stream, b"")
    while data:
        inner = make()
        try:
            while not inner.eof:
                yield inner.decompress(data, AT_A_TIME)
                data = piece.stream.read(AT_A_TIME) if inner.needs_input else b""
                if not data and inner.needs_input and not inner.eof:
                    raise Unreadable("The compressed data ends too early.")
        except (zlib.error, OSError, lzma.LZMAError) as error:
            raise Unreadable(f"The compressed data is damaged: {error}.") from None
        data = _without_zeros(piece.stream, inner.unused_data + data)


def _without_zeros(stream: BinaryIO, data: bytes) -> bytes:
    """`data`, or what follows it in the stream, from its first byte on that is not zero."""
    while not (data := data.lstrip(b"\0")):
        data = stream.read(AT_A_TIME)
        if not data:
            return b""
    return data
