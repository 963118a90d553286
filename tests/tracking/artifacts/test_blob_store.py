"""The store for Google and Azure, on storages of Django's that behave as theirs do: objects, and no folders."""

from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage, Storage

from apps.tracking.artifacts.stores.blob import BlobStore
from tests.tracking.artifacts.store_promises import StorePromises


class ObjectStorage(FileSystemStorage):
    """Objects in a folder: like an object store's, `exists` knows no folders and an empty folder is none."""

    def exists(self, name: str) -> bool:
        return Path(self.path(name)).is_file()

    def delete(self, name: str) -> None:
        path = Path(self.path(name))
        path.unlink(missing_ok=True) if path.is_file() else None
        for parent in path.parents:
            if parent == Path(self.location) or any(parent.iterdir() if parent.is_dir() else ()):
                break
            parent.rmdir() if parent.is_dir() else None


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    (tmp_path / "objects").mkdir()
    return BlobStore(ObjectStorage(location=tmp_path / "objects", allow_overwrite=True))


class TestBlobStore(StorePromises):
    pass


def test_a_storage_that_makes_up_names_is_refused(tmp_path: Path) -> None:
    storage: Storage = FileSystemStorage(location=tmp_path)
    store = BlobStore(storage)
    store.write("a", [b"1"])

    with pytest.raises(RuntimeError, match="does not overwrite"):
        store.write("a", [b"2"])

    assert [path.name for path in tmp_path.iterdir()] == ["a"]
