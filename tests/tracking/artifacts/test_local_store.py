import os
import resource
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from apps.tracking.artifacts.stores.local import UPLOADS, LocalStore
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from tests.tracking.artifacts.store_promises import StorePromises, broken, read

CANARY = b"canary"


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "artifacts")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the store's root, with a file that nobody may reach."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "canary").write_bytes(CANARY)
    return folder


class TestLocalStore(StorePromises):
    pass


def test_uploads_are_private_while_they_arrive_and_never_shown(store: LocalStore) -> None:
    seen = []

    def chunks() -> object:
        yield b"half"
        (found,) = (store.root / UPLOADS).iterdir()
        seen.append((stat.S_IMODE(found.stat().st_mode), stat.S_IMODE((store.root / UPLOADS).stat().st_mode)))
        seen.append(store.entries(""))

    store.write("a", chunks())

    assert seen == [(0o600, 0o700), []]
    assert list((store.root / UPLOADS).iterdir()) == []


@pytest.mark.parametrize("path", [UPLOADS, f"{UPLOADS}/x", f"{UPLOADS}/x/y"])
def test_nobody_reaches_the_folder_of_uploads(store: LocalStore, path: str) -> None:
    store.write("a", [b"1"])
    (store.root / UPLOADS / "x").write_bytes(b"half")

    for act in (store.open, store.entries, store.delete, lambda where: store.write(where, [b""])):
        with pytest.raises(InvalidParameter):
            act(path)
    assert (store.root / UPLOADS / "x").read_bytes() == b"half"


def test_the_root_cannot_be_deleted(store: LocalStore) -> None:
    store.write("a", [b"1"])

    with pytest.raises(InvalidParameter):
        store.delete("")

    assert read(store, "a") == b"1"


def test_a_link_to_a_file_is_not_followed(store: LocalStore, outside: Path) -> None:
    store.write("f/a", [b"1"])
    (store.root / "f" / "link").symlink_to(outside / "canary")

    with pytest.raises(NotFound):
        store.open("f/link")
    with pytest.raises(InvalidParameter):
        store.write("f/link", [b"overwritten"])
    assert [entry.path for entry in store.entries("f")] == ["f/a"]
    store.delete("f/link")
    assert (outside / "canary").read_bytes() == CANARY


def test_a_link_to_a_folder_is_not_entered(store: LocalStore, outside: Path) -> None:
    store.write("f/a", [b"1"])
    (store.root / "f" / "link").symlink_to(outside)

    with pytest.raises(NotFound):
        store.open("f/link/canary")
    with pytest.raises(InvalidParameter):
        store.write("f/link/new", [b"1"])
    assert store.entries("f/link") == []
    store.delete("f/link/canary")
    store.delete("f/link")
    store.delete("f")
    assert sorted(path.name for path in outside.iterdir()) == ["canary"]


def test_deleting_a_folder_deletes_links_in_it_and_not_what_they_point_to(store: LocalStore, outside: Path) -> None:
    store.write("f/deep/a", [b"1"])
    (store.root / "f" / "deep" / "link").symlink_to(outside)

    store.delete("f")

    assert (outside / "canary").read_bytes() == CANARY
    assert not store.exists("f")


def test_a_folder_of_uploads_that_is_a_link_is_not_used(store: LocalStore, outside: Path) -> None:
    store.root.mkdir()
    (store.root / UPLOADS).symlink_to(outside)

    with pytest.raises(NotADirectoryError):
        store.write("a", [b"1"])

    assert sorted(path.name for path in outside.iterdir()) == ["canary"]


def test_a_pipe_is_neither_read_nor_written(store: LocalStore) -> None:
    store.write("f/a", [b"1"])
    os.mkfifo(store.root / "f" / "pipe")

    with pytest.raises(NotFound):
        store.open("f/pipe")
    with pytest.raises(InvalidParameter):
        store.write("f/pipe", [b"1"])
    assert [entry.path for entry in store.entries("f")] == ["f/a"]


def test_a_file_is_not_a_folder(store: LocalStore) -> None:
    store.write("f", [b"1"])

    with pytest.raises(InvalidParameter):
        store.write("f/a", [b"2"])
    with pytest.raises(NotFound):
        store.open("f/a")
    store.delete("f/a")

    assert read(store, "f") == b"1"
    assert list((store.root / UPLOADS).iterdir()) == []


def test_a_folder_is_not_overwritten_by_a_file(store: LocalStore) -> None:
    store.write("f/a", [b"1"])
    arrived = []

    def chunks() -> object:
        arrived.append(True)
        yield b"2"

    with pytest.raises(InvalidParameter):
        store.write("f", chunks())

    assert not arrived, "refused before the bytes are taken"


def test_sweeping_removes_what_a_killed_server_left(store: LocalStore) -> None:
    store.write("a", [b"1"])
    left = store.root / UPLOADS / "left"
    left.write_bytes(b"half")
    (store.root / UPLOADS / "doomed").mkdir()
    (store.root / UPLOADS / "doomed" / "file").write_bytes(b"1")

    assert store.sweep(timedelta(hours=1)) == 0
    assert store.sweep(timedelta(0)) == 2
    assert list((store.root / UPLOADS).iterdir()) == []


def test_an_upload_that_breaks_makes_no_folders(store: LocalStore) -> None:
    with pytest.raises(ConnectionError):
        store.write("new/deep/a", broken(b"half"))

    assert not (store.root / "new").exists()


def test_readers_see_one_version_or_the_other_and_never_a_mixture(store: LocalStore) -> None:
    versions = [bytes([letter]) * 300_000 for letter in b"ab"]
    store.write("f/a", [versions[0]])
    stop = threading.Event()

    def overwrite() -> None:
        while not stop.is_set():
            for version in versions:
                store.write("f/a", [version[:100_000], version[100_000:]])

    writers = [threading.Thread(target=overwrite) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(100):
            assert read(store, "f/a") in versions
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def test_writing_and_deleting_the_same_folder_at_once_loses_no_acknowledged_file(store: LocalStore) -> None:
    """Either the deletion came after the file, or the file is there: a writer never fails for the folder's going."""
    stop = threading.Event()

    def delete() -> None:
        while not stop.wait(0.001):
            store.delete("f")

    deleter = threading.Thread(target=delete)
    deleter.start()
    try:
        for number in range(100):
            store.write(f"f/deep/{number}", [b"1"])
    finally:
        stop.set()
        deleter.join()
    store.write("f/deep/last", [b"1"])
    assert read(store, "f/deep/last") == b"1"


def test_a_folder_that_cannot_be_listed_is_not_taken_for_an_empty_one(store: LocalStore) -> None:
    store.write("f/a", [b"1"])
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(store.root, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            store.entries("f")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert [entry.path for entry in store.entries("f")] == ["f/a"]


def test_a_write_that_had_its_last_look_before_the_store_settled_looks_again(store: LocalStore) -> None:
    store.write("f/a", [b"old"])
    looks: list[int] = []

    def look() -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            store.settle()
        elif refused:
            raise PermissionDenied("sealed meanwhile")

    refused = True
    with pytest.raises(PermissionDenied):
        store.write("f/a", [b"new"], last_look=look)
    assert (read(store, "f/a"), len(looks)) == (b"old", 2)
    assert list((store.root / UPLOADS).iterdir()) == []

    refused = False
    looks.clear()
    store.write("f/a", [b"new"], last_look=look)
    assert (read(store, "f/a"), len(looks)) == (b"new", 2)


def test_settling_again_and_again_delays_a_write_and_does_not_end_it(store: LocalStore) -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(len(looks))
        if len(looks) < 50:
            store.settle()

    store.write("f/a", [b"new"], last_look=look)

    assert (read(store, "f/a"), len(looks)) == (b"new", 50)


def test_settling_leaves_uploads_that_still_arrive_alone(store: LocalStore) -> None:
    def chunks() -> object:
        yield b"ha"
        store.settle()
        yield b"lf"

    assert store.write("a", chunks()).stored.size == 4
    assert read(store, "a") == b"half"
