"""The store for Google, on an emulator: the promises of every store, and what only Google can do wrong."""

import pytest
from google.api_core.exceptions import ServiceUnavailable, TooManyRequests
from google.auth.exceptions import TransportError
from google.cloud.storage import Bucket
from pytest_django import Settings

from apps.tracking.artifacts.stores import store_of
from apps.tracking.artifacts.stores.gcs import GoogleStore
from mlregistry.errors import InternalError, RegistryError
from tests.tracking.artifacts.conftest import PREFIX, proxied_on
from tests.tracking.artifacts.emulators import Emulated
from tests.tracking.artifacts.store_promises import StorePromises

pytestmark = pytest.mark.xdist_group("google")


@pytest.fixture
def store(google: Emulated, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> GoogleStore:
    store = proxied_on(google, settings, monkeypatch)
    assert isinstance(store, GoogleStore)
    return store


class TestGoogleStore(StorePromises):
    pass


def test_nothing_says_that_a_file_is_to_be_unpacked_on_its_way(store: GoogleStore) -> None:
    """Google's service would unpack it for a client that does not ask otherwise; the emulator never does."""
    store.write("t.csv.gz", [b"packed"])

    assert store.bucket.get_blob(f"{PREFIX}/t.csv.gz").content_encoding is None


def test_an_object_that_marks_a_folder_is_no_file(store: GoogleStore, google: Emulated) -> None:
    google.put(f"{PREFIX}/f/", b"")
    google.put(f"{PREFIX}/f/g/", b"")

    assert [(entry.path, entry.is_dir) for entry in store.entries("")] == [("f", True)]
    assert [(entry.path, entry.is_dir) for entry in store.entries("f")] == [("f/g", True)]
    assert store.entries("f/g") == []
    store.delete("f")
    assert google.names() == []


def test_a_bucket_that_is_not_there_is_told_from_a_file_that_is_not(store: GoogleStore) -> None:
    nowhere = store_of("gs://never/some")

    for call in (lambda: nowhere.stat("a"), lambda: nowhere.write("a", [b"1"]), lambda: nowhere.entries("")):
        with pytest.raises(InternalError, match="refused the server's request: 404"):
            call()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (TransportError("no route to secret.example.org"), "The artifact store cannot be reached"),
        (ServiceUnavailable("secret.example.org is down"), "The artifact store is busy"),
        (TooManyRequests("of secret@example.org"), "The artifact store is busy"),
    ],
)
def test_a_failure_is_told_without_addresses(
    store: GoogleStore, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(Bucket, "list_blobs", fail)

    with pytest.raises(RegistryError, match=message) as told:
        store.entries("")

    assert "secret" not in told.value.message
