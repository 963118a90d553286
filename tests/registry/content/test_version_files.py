import io
from pathlib import Path

import pytest

from apps.registry.content import files as files_module
from apps.registry.content.files import PIECE, VersionFile, VersionFiles
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.artifacts.stores.s3 import S3Store
from mlregistry.errors import InvalidParameter, NotFound
from tests.registry.content.making import version_of

CONTENT = bytes(range(256)) * 8192


def test_every_file_below_the_folder_is_listed_with_size_and_marker(tmp_path: Path) -> None:
    files = version_of(tmp_path, {"MLmodel": b"1", "data/model/deep.pkl": b"123", "data/x": b"12"})
    LocalStore(tmp_path).write("model2/other", [b"not of this version"])

    listed = list(files)

    assert {(file.path, file.size) for file in listed} == {("MLmodel", 1), ("data/model/deep.pkl", 3), ("data/x", 2)}
    assert all(file.marker == LocalStore(tmp_path).stat(f"model/{file.path}").marker for file in listed)


def test_a_version_may_be_the_root_of_its_store(tmp_path: Path) -> None:
    LocalStore(tmp_path).write("MLmodel", [b"1"])

    files = VersionFiles(LocalStore(tmp_path), "")

    assert [file.path for file in files] == ["MLmodel"]
    assert files.stream("MLmodel").read() == b"1"


def test_more_files_than_a_version_may_have_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_FILES", 3)
    files = version_of(tmp_path, {f"data/{number}": b"" for number in range(4)})

    with pytest.raises(InvalidParameter, match="can have 3 files; this one has more"):
        list(files)


def test_more_folders_than_a_version_may_have_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_FOLDERS", 3)
    files = version_of(tmp_path, {"a/b/c/d/file": b""})

    with pytest.raises(InvalidParameter, match="can have 3 folders; this one has more"):
        list(files)


@pytest.mark.parametrize("path", ["../secret", "data/../../secret", "/etc/passwd", "", "data//x", "./x"])
def test_a_path_out_of_an_uploaded_file_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    LocalStore(tmp_path).write("secret", [b"1"])

    with pytest.raises(InvalidParameter, match="Invalid path"):
        version_of(tmp_path, {"MLmodel": b""}).stream(path)


def test_an_absent_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        version_of(tmp_path, {"MLmodel": b""}).stream("model.pkl")


def _reads_like_a_file(stream: io.BufferedReader) -> None:
    assert stream.read(10) == CONTENT[:10]
    assert stream.seek(-5, io.SEEK_END) == len(CONTENT) - 5
    assert stream.read() == CONTENT[-5:]
    assert stream.read(1) == b""
    assert stream.seek(PIECE + 3) == PIECE + 3
    assert stream.read(7) == CONTENT[PIECE + 3 : PIECE + 10]
    assert stream.seek(1000, io.SEEK_CUR) == PIECE + 1010
    assert stream.tell() == PIECE + 1010
    assert stream.read(PIECE) == CONTENT[PIECE + 1010 : 2 * PIECE + 1010]
    stream.seek(0)
    assert stream.read() == CONTENT
    stream.seek(len(CONTENT) + 100)
    assert stream.read(1) == b""
    with pytest.raises(OSError, match="nothing before its first byte"):
        stream.seek(-1)


def test_a_file_in_a_folder_is_read_like_any_file(tmp_path: Path) -> None:
    with version_of(tmp_path, {"big": CONTENT}).stream("big") as stream:
        _reads_like_a_file(stream)


def test_a_file_in_a_bucket_is_read_like_any_file(s3: S3Store) -> None:
    s3.write("model/big", [CONTENT])
    files = VersionFiles(s3, "model")

    assert list(files) == [VersionFile("big", len(CONTENT), s3.stat("model/big").marker)]
    with files.stream("big") as stream:
        _reads_like_a_file(stream)


def test_a_file_that_became_shorter_is_an_error_rather_than_its_end(tmp_path: Path) -> None:
    with version_of(tmp_path, {"big": CONTENT}).stream("big") as stream:
        with (tmp_path / "model/big").open("r+b") as file:
            file.truncate(100)

        with pytest.raises(OSError, match="where 524288 were to be"):
            stream.read(PIECE)
