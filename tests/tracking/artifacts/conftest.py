"""Object stores to test with, really answering: moto's S3, and emulators of Azure and Google."""

import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from apps.tracking.artifacts import stores
from apps.tracking.artifacts.stores import base
from apps.tracking.artifacts.stores.blob import BlobStore
from apps.tracking.artifacts.stores.s3 import S3Store
from tests.tracking.artifacts.emulators import Emulated, azurite, google_storage

BUCKET = "artifacts"
PREFIX = "some/prefix"


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Where the S3 of these tests answers."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host.replace('0.0.0.0', '127.0.0.1')}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Store:
    """The proxy's store, below a prefix of an empty bucket."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(base, "APPEARS_WITHIN_S", 0.3)  # moto answers sooner than Amazon
    settings.AWS_S3_ENDPOINT_URL = s3_address
    bucket = boto3.resource("s3", endpoint_url=s3_address).Bucket(BUCKET)
    if bucket.creation_date is None:
        bucket.create()
    bucket.objects.delete()
    for upload in bucket.multipart_uploads.all():
        upload.abort()
    settings.MLREGISTRY_ARTIFACTS = f"s3://{BUCKET}/{PREFIX}"
    stores.store_of.cache_clear()
    store = stores.proxied_store()
    assert isinstance(store, S3Store)
    return store


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with azurite(tmp_path_factory.mktemp("azurite")) as emulated:
        yield emulated


@pytest.fixture(scope="session")
def google() -> Iterator[Emulated]:
    with google_storage() as emulated:
        yield emulated


def proxied_on(emulated: Emulated, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> BlobStore:
    """The proxy's store, below an empty prefix."""
    for name, value in emulated.settings.items():
        monkeypatch.setenv(name, value)
        setattr(settings, name, value)
    settings.MLREGISTRY_ARTIFACTS = f"{emulated.address}/{PREFIX}"
    stores.store_of.cache_clear()
    store = stores.proxied_store()
    assert isinstance(store, BlobStore)
    store.delete("")
    return store


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """A store that leaves threads behind would not stop cleanly."""
    before = {thread for thread in threading.enumerate() if not thread.daemon}
    yield
    after = {thread for thread in threading.enumerate() if not thread.daemon and thread.is_alive()}
    assert after <= before
