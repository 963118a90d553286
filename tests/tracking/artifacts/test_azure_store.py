"""The store for Azure, on Microsoft's emulator: the promises of every store, and what only Azure can do wrong."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.storage.blob import ContainerClient
from pytest_django import Settings

from apps.tracking.artifacts.stores import store_of
from apps.tracking.artifacts.stores.blob import BlobStore
from mlregistry.errors import Busy, InternalError, InvalidParameter, RegistryError
from tests.tracking.artifacts.conftest import PREFIX, proxied_on
from tests.tracking.artifacts.emulators import ACCOUNT, Emulated
from tests.tracking.artifacts.store_promises import MIB, StorePromises, read

pytestmark = pytest.mark.xdist_group("azure")


@pytest.fixture
def store(azure: Emulated, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> BlobStore:
    return proxied_on(azure, settings, monkeypatch)


class TestAzureStore(StorePromises):
    pass


def test_the_address_that_spark_writes_leads_there_too(store: BlobStore) -> None:
    store.write("a", [b"1"])

    assert read(store_of(f"wasbs://models@{ACCOUNT}.blob.core.windows.net/{PREFIX}"), "a") == b"1"


def test_a_name_that_ends_with_a_dot_is_refused_before_anything_is_sent(store: BlobStore) -> None:
    with pytest.raises(InvalidParameter, match=r"end with a dot: 'model\./a'"):
        store.write("model./a", iter(lambda: pytest.fail("was read"), None))


def test_of_two_large_uploads_at_once_the_second_to_finish_is_refused_and_none_is_mixed(store: BlobStore) -> None:
    def slow() -> Iterator[bytes]:
        yield b"s" * 9 * MIB
        store.write("a", [b"f" * 9 * MIB])
        yield b"s" * 9 * MIB

    with pytest.raises(Busy, match="Another upload of this file was faster"):
        store.write("a", slow())

    assert read(store, "a") == b"f" * 9 * MIB


def test_a_container_that_is_not_there_is_told_from_a_file_that_is_not(store: BlobStore) -> None:
    nowhere = store_of("az://never/some")

    for call in (lambda: nowhere.stat("a"), lambda: nowhere.write("a", [b"1"]), lambda: nowhere.entries("")):
        with pytest.raises(InternalError, match="refused the server's request: ContainerNotFound"):
            call()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ServiceRequestError("no route to secret.example.org"), "The artifact store cannot be reached"),
        (HttpResponseError("Server busy at secret.example.org"), "The artifact store is busy"),
    ],
)
def test_a_failure_is_told_without_addresses(
    store: BlobStore, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(ContainerClient, "walk_blobs", fail)

    with pytest.raises(RegistryError, match=message) as told:
        store.entries("")

    assert "secret" not in told.value.message
