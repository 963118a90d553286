"""Azure and Google Cloud Storage to test with: emulators, really answering, with a container or bucket in each."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from azure.storage.blob import ContainerClient
from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from tests.live import PROJECT, free_port

BUCKET = "models"
PROJECT_ID = "test"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # everybody knows it
START_WITHIN_S = 60


@dataclass(frozen=True)
class Emulated:
    """A store, and ways into it that lead past our server."""

    address: str
    """Of the container or bucket, as `MLREGISTRY_ARTIFACTS` has it."""
    settings: dict[str, str]
    """What else a server is told to find it."""
    put: Callable[[str, bytes], object]
    names: Callable[[], list[str]]


@contextmanager
def azurite(folder: Path) -> Iterator[Emulated]:
    """Azure's blobs, by Microsoft's emulator: a process with all in its memory."""
    program = subprocess.run([PROJECT / ".ci/azurite"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    port, log = free_port(), folder / "azurite.log"
    address = f"http://127.0.0.1:{port}/{ACCOUNT}"
    # The client speaks a newer version of the protocol than the emulator knows by name.
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "--blobPort", str(port), *options], cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, address, log)
        connection = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={address};"
        with ContainerClient.from_connection_string(connection, BUCKET) as container:
            container.create_container()
            yield Emulated(
                f"az://{BUCKET}",
                {"AZURE_ACCOUNT_NAME": ACCOUNT, "AZURE_CONNECTION_STRING": connection},
                put=lambda name, body: container.upload_blob(name, body, overwrite=True),
                names=lambda: list(container.list_blob_names()),
            )
    finally:
        process.terminate()
        process.wait(START_WITHIN_S)


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(address, timeout=5)  # any answer will do
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Azurite does not answer:\n{log.read_text(errors='replace')}")


class Heeding(RequestHandler):
    """The emulator reads whatever is there; Google's service heeds on which generation a client insists."""

    def do_GET(self) -> None:  # noqa: N802  the base class names it
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query).get("ifGenerationMatch")
        name = unquote(parts.path.partition("/o/")[2])
        if asked and self.storage.get_file_obj(BUCKET, name)["generation"] != asked[0]:
            self.send_error(412)
        else:
            super().do_GET()


@contextmanager
def google_storage() -> Iterator[Emulated]:
    """Google's buckets, by an emulator in this process with all in its memory."""
    storage = Storage(use_memory_fs=True)
    create_bucket(BUCKET, storage)
    with HTTPServer(("127.0.0.1", 0), partial(Heeding, storage)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        client = Client(
            project=PROJECT_ID, credentials=AnonymousCredentials(), client_options={"api_endpoint": address}
        )
        try:
            yield Emulated(
                f"gs://{BUCKET}",
                {"STORAGE_EMULATOR_HOST": address, "GS_CUSTOM_ENDPOINT": address, "GS_PROJECT_ID": PROJECT_ID},
                put=lambda name, body: client.bucket(BUCKET).blob(name).upload_from_string(body),
                names=lambda: [blob.name for blob in client.list_blobs(BUCKET)],
            )
        finally:
            client.close()
            server.shutdown()
            thread.join()
