"""Archives are looked into to the last member, or are not clean."""

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.registry.choices import Verdict
from apps.registry.content.scanning import pieces
from tests.registry.content.making import evil, kinds, scanned, tarred, zipped

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
    "zlib, barely": lambda content: zlib.compress(content, 0),
}


@pytest.mark.parametrize("name", ["model.pkl.gz", "notes.txt"])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_every_compression_is_looked_through(tmp_path: Path, compression: str, name: str) -> None:
    compress = COMPRESSIONS[compression]

    report = scanned(tmp_path, {name: compress(evil(tmp_path / "canary")), "good.gz": compress(b"good")})

    assert kinds(report) == {(f"{name}!/{name.removesuffix('.gz')}", "dangerous import")}


@pytest.mark.parametrize("between", [b"", bytes(3_000_000)])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_second_stream_is_looked_through_too(tmp_path: Path, compression: str, between: bytes) -> None:
    compress = COMPRESSIONS[compression]
    content = compress(b"\x80\x04N.") + between + compress(evil(tmp_path / "canary"))

    assert ("two!/two", "dangerous import") in kinds(scanned(tmp_path, {"two": content}))


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("spoil", [lambda whole: whole[:-6], lambda whole: whole + b"what is this?"])
def test_a_damaged_stream_is_not_clean(tmp_path: Path, compression: str, spoil: Callable[[bytes], bytes]) -> None:
    report = scanned(tmp_path, {"data": spoil(COMPRESSIONS[compression](bytes(range(256)) * 20))})

    assert report.verdict == Verdict.FAILED


@pytest.mark.parametrize(
    "magic",
    [b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\1\0", b"\x1f\x9d\x90", b"ZF0x1f"],
)
def test_what_cannot_be_unpacked_here_is_not_clean(tmp_path: Path, magic: bytes) -> None:
    report = scanned(tmp_path, {"weights.bin": magic + bytes(100)})

    assert report.verdict == Verdict.FAILED
    assert "which cannot be read here" in report.findings[0]["detail"]


def test_archives_of_harmless_files_are_clean(tmp_path: Path) -> None:
    members = {"a.txt": b"text", "b/c.bin": bytes(5000), "d/": b""}
    files = {
        "stored.zip": zipped(members, zipfile.ZIP_STORED),
        "deflated.zip": zipped(members, zipfile.ZIP_DEFLATED),
        "bz2.zip": zipped(members, zipfile.ZIP_BZIP2),
        "lzma.zip": zipped(members, zipfile.ZIP_LZMA),
        "empty.zip": zipped({}),
        "members.tar": tarred(members),
        "members.tgz": tarred(members, "w:gz"),
        "empty.tar": tarred({}),
        "zip.tar": tarred({"a.zip": zipped(members)}),
        "more.zip": zipped({"a.zip": zipped(members), "b.tar": tarred(members)}),
    }

    report = scanned(tmp_path, files)

    assert (report.verdict, report.findings) == (Verdict.CLEAN, [])


@pytest.mark.parametrize("prefix", [b"\x80\x04N.", b"GIF89a", b"\x89HDF\r\n\x1a\n", b"#! in the middle"])
def test_a_zip_file_behind_something_else_is_looked_into(tmp_path: Path, prefix: bytes) -> None:
    content = prefix + zipped({"bad": evil(tmp_path / "canary")})

    assert ("picture!/bad", "dangerous import") in kinds(scanned(tmp_path, {"picture": content}))


def test_members_that_point_outside_are_hostile(tmp_path: Path) -> None:
    names = ["../x", "a/../../x", "/etc/x", "C:/x", "..\\x", "a\\..\\x", "\\x"]

    for packed in (zipped(dict.fromkeys(names, b"")), tarred(dict.fromkeys(names, b""))):
        report = scanned(tmp_path, {"archive": packed})

        assert kinds(report) == {(f"archive!/{name}", "hostile archive") for name in names}
        assert report.verdict == Verdict.SUSPICIOUS


def test_names_that_only_look_like_it_are_harmless(tmp_path: Path) -> None:
    members = {"a..b": b"", "..a": b"", "a/...": b"", "a.": b""}

    assert scanned(tmp_path, {"a.zip": zipped(members), "a.tar": tarred(members)}).findings == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_hostile_and_each_is_looked_into(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data", evil(tmp_path / "canary"))
        archive.writestr("data", b"harmless")
    with tarfile.open(fileobj=(second := io.BytesIO()), mode="w") as tar:
        for content in (evil(tmp_path / "canary"), b"harmless"):
            member = tarfile.TarInfo("data")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

    for packed in (buffer.getvalue(), second.getvalue()):
        assert kinds(scanned(tmp_path, {"a": packed})) == {
            ("a!/data", "hostile archive"),
            ("a!/data", "dangerous import"),
        }


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_tar_are_hostile(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w") as archive:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)

    report = scanned(tmp_path, {"a.tar": buffer.getvalue()})

    assert kinds(report) == {("a.tar!/link", "hostile archive")}


def test_links_in_zip_are_hostile(tmp_path: Path) -> None:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        member = zipfile.ZipInfo("link")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, "/etc/passwd")

    assert kinds(scanned(tmp_path, {"a.zip": buffer.getvalue()})) == {("a.zip!/link", "hostile archive")}


def _encrypted(archive: bytes) -> bytes:
    """As if: the bit is set in both headers of the only member."""
    spoiled = bytearray(archive)
    spoiled[6] |= 1
    spoiled[archive.index(b"PK\1\2") + 8] |= 1
    return bytes(spoiled)


def test_an_encrypted_member_is_not_clean(tmp_path: Path) -> None:
    report = scanned(tmp_path, {"a.zip": _encrypted(zipped({"data": b"secret"}))})

    assert report.verdict == Verdict.FAILED
    assert report.findings[0]["detail"] == "It is encrypted."


@pytest.mark.parametrize(
    "content",
    [
        zipped({"data": bytes(1000)})[:-30],
        b"PK\3\4" + bytes(100),
        zipped({"data": b"x" * 1000}, zipfile.ZIP_STORED).replace(b"xxxx", b"xxyx", 1),
        zipped({"data": b"x"}).replace(b"\x08\0", b"\x5d\0"),
        tarred({"data": bytes(3000)})[:1500],
        tarred({"a": b"", "b": b""}).replace(b"b\0", b"c\0", 1),
        tarred({"a": b""}) + b"hidden",
        tarred({"a": b""})[:1024] + b"hidden" + bytes(10_000),
    ],
    ids=[
        "zip cut off",
        "zip without directory",
        "zip with another checksum",
        "zip packed in an unknown way",
        "tar cut off",
        "tar with another name",
        "tar with a tail",
        "tar with a tail between zeros",
    ],
)
def test_a_damaged_archive_is_not_clean(tmp_path: Path, content: bytes) -> None:
    assert scanned(tmp_path, {"archive": content}).verdict == Verdict.FAILED


def test_archives_in_archives_are_followed_to_a_limit(tmp_path: Path) -> None:
    content = evil(tmp_path / "canary")
    for _ in range(5):
        content = zipped({"in": content}, zipfile.ZIP_STORED)

    assert scanned(tmp_path, {"five": content}).verdict == Verdict.SUSPICIOUS
    report = scanned(tmp_path, {"five": b"", "six": zipped({"in": content}, zipfile.ZIP_STORED)})
    assert report.verdict == Verdict.FAILED
    assert "more than 5 deep" in report.findings[0]["detail"]


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        bz2.compress,
        lzma.compress,
        zlib.compress,
        lambda content: zipped({"data": content}),
        lambda content: zipped(dict.fromkeys("abcdefgh", content[: len(content) // 8])),
        lambda content: tarred({"data": content}, "w:gz"),
        lambda content: gzip.compress(gzip.compress(content)),
    ],
)
def test_a_bomb_is_put_down_before_it_goes_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(pieces, "UNPACKED_AT_LEAST", 1024 * 1024)
    written = []
    original = tempfile.SpooledTemporaryFile.write
    monkeypatch.setattr(
        tempfile.SpooledTemporaryFile, "write", lambda self, data: written.append(len(data)) or original(self, data)
    )

    report = scanned(tmp_path, {"bomb": pack(bytes(20_000_000))})

    assert report.verdict == Verdict.FAILED
    assert "far more than its own size" in report.findings[0]["detail"]
    assert sum(written) < 4_000_000


def test_many_small_bombs_do_no_more_than_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "UNPACKED_AT_LEAST", 1024 * 1024)
    small = {f"{number}.gz": gzip.compress(bytes(600_000)) for number in range(10)}

    report = scanned(tmp_path, small)

    assert len(report.findings) == 9
    assert "far more than its own size" in report.findings[0]["detail"]


def test_a_file_of_zeros_that_says_it_is_huge_is_put_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "UNPACKED_AT_LEAST", 1024 * 1024)
    member = tarfile.TarInfo("sparse")
    member.size = 1 << 60

    report = scanned(tmp_path, {"a.tar": member.tobuf() + bytes(512)})

    assert report.verdict == Verdict.FAILED


def test_an_archive_of_too_many_members_is_not_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MOST_MEMBERS", 10)
    members = {str(number): b"" for number in range(11)}

    for packed in (zipped(members), tarred(members)):
        report = scanned(tmp_path, {"many": packed})

        assert report.verdict == Verdict.FAILED
        assert "more than 10 members" in report.findings[0]["detail"]


def test_a_name_that_takes_megabytes_is_not_read(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 5_000_000

    report = scanned(tmp_path, {"a.tar": header.tobuf() + b"x" * 5_000_192 + tarred({"a": b""})})

    assert report.verdict == Verdict.FAILED
    assert "takes more than 4,194,304 bytes" in report.findings[0]["detail"]


def test_nothing_is_unpacked_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    scanned(tmp_path, {"a.zip": zipped({"../../escaped": bytes(20_000_000)})})

    assert list((tmp_path / "temporary").iterdir()) == []
    assert not list(tmp_path.rglob("escaped"))
