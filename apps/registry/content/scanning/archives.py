"""Files with members: zip, which PyTorch, npz, skops and wheels are, and tar. No member is unpacked under its name."""

import io
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO

from apps.registry.content.scanning.findings import LimitReached, Remark, Severity, Unreadable
from apps.registry.content.scanning.pieces import Examination, Piece

ZIP_MAGIC = b"PK\3\4"
AT_A_TIME = 1024 * 1024
LONGEST_READ = 4 * 1024 * 1024
"""What the standard library may read at once: lists of members, long names. It believes the lengths in a file."""
BLOCK = tarfile.BLOCKSIZE
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)
_ENCRYPTED = 0x1


class _Modest(io.RawIOBase):
    """A stream that gives no more at once than a reasonable archive needs."""

    def __init__(self, piece: Piece) -> None:
        self._stream = piece.stream
        self._size = piece.size

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self._size - self._stream.tell() if size is None or size < 0 else size
        if wanted > LONGEST_READ:
            raise Unreadable(f"Its own description takes more than {LONGEST_READ:,} bytes.")
        return self._stream.read(wanted)


def begins_a_zip(start: bytes) -> bool:
    return start.startswith(ZIP_MAGIC)


def ends_as_zip(piece: Piece) -> bool:
    """Whether a zip file is here that begins like something else: it is read from its end.

    So is a tar archive whose last member is a zip file, but that will be looked into as a member.
    """
    return zipfile.is_zipfile(piece.stream)


def is_tar(start: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(start[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def examine_zip(piece: Piece, examination: Examination) -> None:
    names: set[str] = set()
    try:
        archive = zipfile.ZipFile(_Modest(piece))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise Unreadable(f"It is a damaged zip file: {error}.") from None
    with archive:
        examination.budget.take_members(len(archive.infolist()))
        for member in archive.infolist():
            _look_at_name(piece, examination, member.orig_filename, names)
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                _add(piece, examination, member.orig_filename, "is a link or a device")
            if not member.is_dir() or member.file_size:
                _examine_zipped(piece, examination, archive, member)


def _examine_zipped(piece: Piece, examination: Examination, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    path = f"{piece.path}!/{name}"
    if member.flag_bits & _ENCRYPTED:
        examination.findings.add_unreadable(path, "It is encrypted.")
        return
    try:
        with archive.open(member) as opened:
            examination.examine_member(piece, name, _chunks(opened))
    except LimitReached:
        raise
    except Unreadable as why:
        examination.findings.add_unreadable(path, str(why))
    except Exception as error:  # noqa: BLE001  a broken member makes zipfile and its decompressors raise anything
        examination.findings.add_unreadable(path, f"It cannot be unpacked: {error}.")


def examine_tar(piece: Piece, examination: Examination) -> None:
    piece.stream.seek(0)
    try:
        with tarfile.open(fileobj=_Modest(piece), mode="r:") as archive:
            _examine_tarred(piece, examination, archive)
            end = archive.offset
    except tarfile.TarError as error:
        raise Unreadable(f"It is a damaged tar archive: {error}.") from None
    _look_behind(piece, end)


def _examine_tarred(piece: Piece, examination: Examination, archive: tarfile.TarFile) -> None:
    names: set[str] = set()
    for member in archive:
        examination.budget.take_members(1)
        _look_at_name(piece, examination, member.name, names)
        if member.isfile():
            opened = archive.extractfile(member)
            if opened is not None:
                examination.examine_member(piece, member.name, _chunks(opened))
        elif not member.isdir():
            _add(piece, examination, member.name, "is a link or a device")


def _look_behind(piece: Piece, end: int) -> None:
    """An archive ends with zeros. Python stops at whatever is no header, where other programs read on."""
    piece.stream.seek(end)
    while chunk := piece.stream.read(AT_A_TIME):
        if chunk.strip(b"\0"):
            raise Unreadable(f"Behind its last member, from byte {end} on, is something that is no tar archive.")


def _chunks(opened: IO[bytes]) -> Iterator[bytes]:
    while chunk := opened.read(AT_A_TIME):
        yield chunk


def _look_at_name(piece: Piece, examination: Examination, name: str, names: set[str]) -> None:
    if _OUTSIDE.match(name):
        _add(piece, examination, name, "would be unpacked outside of its folder")
    if name in names:
        _add(piece, examination, name, "is there twice, and which of them is read depends on the reader")
    names.add(name)


def _add(piece: Piece, examination: Examination, name: str, what: str) -> None:
    remark = Remark("hostile archive", Severity.CRITICAL, f"A member {what}.")
    examination.findings.add(f"{piece.path}!/{name}", remark)
