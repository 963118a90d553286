"""A server with its artifacts on Azure or Google Cloud Storage, and MLflow's own client."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live import LiveServer, ours
from tests.tracking.artifacts.calling import FILES
from tests.tracking.artifacts.conftest import azure, google  # noqa: F401  fixtures of the artifacts' tests
from tests.tracking.artifacts.emulators import Emulated
from tests.tracking.artifacts.test_live_artifacts import MIB, check_memory, root_of_a_new_run, run_client

pytestmark = pytest.mark.once
MODEL_SCRIPT = Path(__file__).with_name("blob_script.py")
NAME = "kept elsewhere"
CONTENT = f"/api/v1/registered-models/{NAME}/versions/1/content"
READ_WITHIN_S = 60


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("azure", "google")],
)
def emulated(request: pytest.FixtureRequest) -> Emulated:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Emulated)
    return found


@pytest.fixture(scope="module")
def on_blobs(emulated: Emulated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose artifacts lie there, below `live`."""
    settings = {**emulated.settings, "MLREGISTRY_ARTIFACTS": f"{emulated.address}/live"}
    with ours(tmp_path_factory.mktemp("on_blobs"), **settings) as running:
        yield running


def test_the_genuine_client_moves_its_artifacts(on_blobs: LiveServer) -> None:
    run_client(on_blobs, "20")


def test_a_range_is_answered_and_a_file_replaced_meanwhile_is_sent_whole(on_blobs: LiveServer) -> None:
    body = os.urandom(9 * MIB)
    with on_blobs.session() as session:
        address = on_blobs.url(f"{FILES}/{root_of_a_new_run(on_blobs)}/f/a.bin.gz")
        assert session.put(address, data=body, timeout=60).status_code == 200

        part = session.get(address, headers={"Range": f"bytes={8 * MIB - 5}-{8 * MIB + 4}"}, timeout=60)
        tail = session.get(address, headers={"Range": "bytes=-7"}, timeout=60)
        session.put(address, data=b"replaced", timeout=60)
        rest = session.get(address, headers={"Range": "bytes=3-", "If-Range": part.headers["ETag"]}, timeout=60)

    assert (part.status_code, part.content) == (206, body[8 * MIB - 5 : 8 * MIB + 5])
    assert (tail.status_code, tail.content) == (206, body[-7:])
    assert (rest.status_code, rest.content) == (200, b"replaced")


def test_large_files_go_up_and_down_in_constant_memory(on_blobs: LiveServer) -> None:
    check_memory(on_blobs, root_of_a_new_run(on_blobs), 200 * MIB)


def test_what_the_genuine_client_registers_is_sealed_and_a_change_behind_the_server_is_found(
    on_blobs: LiveServer, emulated: Emulated
) -> None:
    run_client(on_blobs, NAME, script=MODEL_SCRIPT)
    with on_blobs.session() as session:
        assert sealed(on_blobs, session)["state"] == "sealed"
        assert verified(on_blobs, session)["differences"] == []

        [mlmodel] = [name for name in emulated.names() if name.startswith("live/") and name.endswith("/MLmodel")]
        emulated.put(mlmodel, b"other")

        differences = verified(on_blobs, session)["differences"]
    assert [(found["path"], found["how"]) for found in differences] == [("MLmodel", "changed")]


def sealed(server: LiveServer, session: requests.Session) -> Any:
    """What the server knows of the version's files, once its worker has read them."""
    deadline = time.monotonic() + READ_WITHIN_S
    while time.monotonic() < deadline:
        content = session.get(server.url(CONTENT), timeout=30).json()
        if content["state"] != "pending":
            return content
        time.sleep(0.2)
    raise AssertionError(f"not read within {READ_WITHIN_S} s: {content}")


def verified(server: LiveServer, session: requests.Session) -> Any:
    answer = session.post(server.url(f"{CONTENT}/verification"), timeout=30)
    assert answer.ok, answer.text
    return answer.json()
