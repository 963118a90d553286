"""What every store promises; each store's own tests inherit these."""

import gzip
import hashlib
import os
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from apps.tracking.artifacts.stores.base import ArtifactStore, Entry
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied, RegistryError

MIB = 1024 * 1024


def read(store: ArtifactStore, path: str, start: int = 0, end: int | None = None) -> bytes:
    file = store.open(path)
    try:
        return b"".join(file.chunks(start, file.stored.size if end is None else end))
    finally:
        file.close()


def broken(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    raise ConnectionError("the client went away")


class StorePromises:
    def test_what_was_written_is_read(self, store: ArtifactStore) -> None:
        written = store.write("1/run/artifacts/a.txt", [b"hello ", b"", b"world"])

        assert read(store, "1/run/artifacts/a.txt") == b"hello world"
        assert written.stored.size == 11
        assert written.sha256 == hashlib.sha256(b"hello world").hexdigest()
        assert store.stat("1/run/artifacts/a.txt") == written.stored

    def test_an_empty_file_is_a_file(self, store: ArtifactStore) -> None:
        store.write("a/empty", [])

        assert read(store, "a/empty") == b""
        assert store.entries("a") == [Entry("a/empty", is_dir=False, size=0)]

    def test_a_part_is_read(self, store: ArtifactStore) -> None:
        store.write("a", [b"0123456789"])

        assert read(store, "a", 3, 7) == b"3456"
        assert read(store, "a", 9, 10) == b"9"

    def test_writing_again_replaces_and_changes_the_marker(self, store: ArtifactStore) -> None:
        first = store.write("a", [b"one"])
        second = store.write("a", [b"two"])

        assert read(store, "a") == b"two"
        assert first.stored.marker != second.stored.marker

    def test_an_upload_that_breaks_leaves_nothing(self, store: ArtifactStore) -> None:
        with pytest.raises(ConnectionError):
            store.write("new/a", broken(b"half"))

        assert store.entries("") == []
        assert not store.exists("new/a")

    def test_an_upload_that_breaks_leaves_the_old_file(self, store: ArtifactStore) -> None:
        store.write("a", [b"old"])

        with pytest.raises(ConnectionError):
            store.write("a", broken(b"new"))

        assert read(store, "a") == b"old"

    def test_a_last_look_that_refuses_comes_after_the_bytes_and_leaves_the_old_file(self, store: ArtifactStore) -> None:
        store.write("a", [b"old"])
        came: list[bytes] = []

        def sent() -> Iterator[bytes]:
            for chunk in (b"ne", b"w"):
                came.append(chunk)
                yield chunk

        def refuse() -> None:
            assert b"".join(came) == b"new"
            raise PermissionDenied("not this one")

        for path in ("a", "never/b"):
            came.clear()
            with pytest.raises(PermissionDenied):
                store.write(path, sent(), last_look=refuse)

        assert read(store, "a") == b"old"
        assert [entry.path for entry in store.entries("")] == ["a"]

    def test_a_listing_shows_one_level_by_path(self, store: ArtifactStore) -> None:
        for path in ("f/b", "f/a/x", "f/a.txt", "f/B", "g"):
            store.write(path, [b"12"])

        assert store.entries("f") == [
            Entry("f/B", is_dir=False, size=2),
            Entry("f/a", is_dir=True),
            Entry("f/a.txt", is_dir=False, size=2),
            Entry("f/b", is_dir=False, size=2),
        ]
        assert [entry.path for entry in store.entries("")] == ["f", "g"]

    def test_a_listing_of_a_file_or_of_nothing_is_empty(self, store: ArtifactStore) -> None:
        store.write("f/a", [b"1"])

        assert store.entries("f/a") == []
        assert store.entries("never") == []

    def test_what_is_not_there_is_not_found(self, store: ArtifactStore) -> None:
        with pytest.raises(NotFound, match=re.escape("No such artifact: 'never/a'")):
            store.open("never/a")

    def test_a_folder_is_not_a_file(self, store: ArtifactStore) -> None:
        store.write("f/a", [b"1"])

        with pytest.raises(InvalidParameter, match="directory, not a file: 'f'"):
            store.open("f")

    def test_deleting_a_file_spares_its_siblings(self, store: ArtifactStore) -> None:
        for path in ("f/model", "f/model2", "f/model.txt"):
            store.write(path, [b"1"])

        store.delete("f/model")

        assert [entry.path for entry in store.entries("f")] == ["f/model.txt", "f/model2"]

    def test_deleting_a_folder_takes_all_in_it_and_nothing_else(self, store: ArtifactStore) -> None:
        for path in ("f/model/a", "f/model/deep/b", "f/model2/a", "f/modelx"):
            store.write(path, [b"1"])

        store.delete("f/model")

        assert [entry.path for entry in store.entries("f")] == ["f/model2", "f/modelx"]
        assert not store.exists("f/model/deep/b")

    def test_deleting_what_is_not_there_does_nothing(self, store: ArtifactStore) -> None:
        store.write("a", [b"1"])

        store.delete("never")
        store.delete("never/b")

        assert read(store, "a") == b"1"

    def test_an_open_file_stays_what_it_was_or_says_so(self, store: ArtifactStore) -> None:
        store.write("a", [b"old"])
        file = store.open("a")
        store.write("a", [b"new, and longer"])

        refused = ""
        try:
            assert b"".join(file.chunks(0, file.stored.size)) == b"old"
        except RegistryError as error:
            refused = error.message
        finally:
            file.close()
        assert not refused or "artifact store" in refused

    def test_names_of_every_script_are_kept(self, store: ArtifactStore) -> None:
        store.write("f/n äme 日本.txt", [b"1"])

        assert store.entries("f")[0].path == "f/n äme 日本.txt"
        assert read(store, "f/n äme 日本.txt") == b"1"

    def test_a_name_is_taken_as_it_is(self, store: ArtifactStore) -> None:
        for name in (".a", "..a", "a b", " a ", "a+b&c=d", "a%b", "n:b", "[a]*", "a~", "a'b\"", "ä"):
            store.write(f"{name}/{name}", [b"1"])

            assert Entry(name, is_dir=True) in store.entries("")
            assert store.entries(name) == [Entry(f"{name}/{name}", is_dir=False, size=1)]
            assert read(store, f"{name}/{name}") == b"1"

            store.delete(f"{name}/{name}")
            assert not store.exists(f"{name}/{name}")

    def test_dots_at_the_end_of_a_name_lead_to_no_other_file(self, store: ArtifactStore) -> None:
        store.write("f/a", [b"1"])

        for path in ("f/a.", "f/a..", "f./a", "f/...", "f/.../a"):
            try:
                store.write(path, [b"22"])
            except InvalidParameter:
                assert not store.exists(path)
            else:
                assert read(store, path) == b"22"
            store.delete(path)
            assert not store.exists(path)

        assert read(store, "f/a") == b"1"

    def test_a_compressed_file_comes_back_as_it_went(self, store: ArtifactStore) -> None:
        packed = gzip.compress(b"a,b\n1,2\n" * 1000)

        assert store.write("t.csv.gz", [packed]).stored.size == len(packed)

        assert read(store, "t.csv.gz") == packed
        assert read(store, "t.csv.gz", 5, 9) == packed[5:9]

    def test_a_file_of_several_pieces_comes_back_whole_and_in_parts(self, store: ArtifactStore) -> None:
        chunks = [os.urandom(MIB) for _ in range(17)] + [b"end"]
        whole = b"".join(chunks)

        written = store.write("large", chunks)

        assert (written.stored.size, written.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
        assert store.stat("large") == written.stored
        assert read(store, "large") == whole
        assert read(store, "large", 8 * MIB - 2, 16 * MIB + 2) == whole[8 * MIB - 2 : 16 * MIB + 2]

    def test_a_large_upload_that_breaks_leaves_nothing(self, store: ArtifactStore) -> None:
        with pytest.raises(ConnectionError):
            store.write("large", broken(bytes(9 * MIB), bytes(9 * MIB)))

        assert store.entries("") == []
        assert not store.exists("large")

    def test_sweeping_spares_what_is_finished(self, store: ArtifactStore) -> None:
        store.write("a", [b"1"])

        assert store.sweep(timedelta(0)) == 0
        assert read(store, "a") == b"1"
