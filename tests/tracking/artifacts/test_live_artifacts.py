"""Artifacts on a running server: MLflow's own client, bytes on the socket, and memory."""

import base64
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from tests.live import LiveServer, ours
from tests.tracking.artifacts.calling import FILES, MLFLOW

SCRIPT = Path(__file__).with_name("client_script.py")
MIB = 1024 * 1024
GROWTH = 64 * MIB


def run_client(server: LiveServer, *arguments: str, script: Path = SCRIPT, **environment: str) -> None:
    """Run a script with MLflow's client against `server`."""
    ran = subprocess.run(
        [sys.executable, str(script), *arguments],
        env=os.environ | server.client_environment | {"MLFLOW_DISABLE_TELEMETRY": "true"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-5000:]


def test_the_genuine_client_moves_its_artifacts(server: LiveServer) -> None:
    run_client(server, "20")


def test_the_genuine_client_moves_large_files_to_and_from_s3_itself(
    s3_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", endpoint_url=s3_address).create_bucket(Bucket="live")
    settings = {**keys, "MLREGISTRY_ARTIFACTS": "s3://live/kept", "AWS_S3_ENDPOINT_URL": s3_address}
    with ours(tmp_path, **settings) as on_s3:
        in_parts = {
            "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(6 * MIB),
            "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * MIB),
            "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(4 * MIB),
        }
        run_client(on_s3, "20", EXPECTS_PARTS="yes", **in_parts)
        run_client(on_s3, "20", MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD="false", **in_parts)
        check_memory(on_s3, root_of_a_new_run(on_s3), 200 * MIB)


@pytest.fixture
def root(server: LiveServer) -> str:
    return root_of_a_new_run(server)


def root_of_a_new_run(server: LiveServer) -> str:
    """Its folder in the proxy."""
    with server.session() as session:
        asked = {"experiment_id": "0", "start_time": 1}
        run = session.post(server.url(f"{MLFLOW}/runs/create"), json=asked, timeout=30).json()["run"]
    return str(run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/"))


def exchange(server: LiveServer, head: str, *pieces: bytes, leave: bool = False) -> bytes:
    """Send bytes as they are; the answer, or nothing if the client `leave`s after sending."""
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        lines = f"{head}\r\nHost: {host}\r\nAuthorization: Bearer {server.token}\r\n"
        connection.sendall(lines.encode() + b"Connection: close\r\n")
        for piece in pieces:
            connection.sendall(piece)
        if leave:
            return b""
        answer = b""
        while received := connection.recv(65536):
            answer += received
        return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def chunked(*chunks: bytes, ended: bool = True) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"Transfer-Encoding: chunked\r\n\r\n" + body + (b"0\r\n\r\n" if ended else b"")


def listed(server: LiveServer, root: str) -> list[str]:
    with server.session() as session:
        found = session.get(server.url(FILES), params={"path": root}, timeout=30).json()
    return [file["path"] for file in found.get("files", [])]


def test_an_upload_whose_client_went_away_leaves_nothing(server: LiveServer, root: str) -> None:
    whole = b"Content-Length: 1000\r\n\r\n" + b"x" * 500
    exchange(server, f"PUT {FILES}/{root}/length HTTP/1.1", whole, leave=True)
    for number in range(5):
        cut = chunked(b"x" * 500, ended=False)
        exchange(server, f"PUT {FILES}/{root}/chunks{number} HTTP/1.1", cut, leave=True)
    digest = base64.b64encode(hashlib.sha256(b"x" * 1000).digest()).decode()
    head = f"Content-Digest: sha-256=:{digest}:\r\n".encode()
    exchange(server, f"PUT {FILES}/{root}/digest HTTP/1.1", head + chunked(b"x" * 500, ended=False), leave=True)

    time.sleep(0.5)

    assert listed(server, root) == []


def test_a_chunked_body_with_its_digest_is_kept_and_one_without_is_refused(server: LiveServer, root: str) -> None:
    digest = base64.b64encode(hashlib.sha256(b"hello world").digest()).decode()
    head = f"Content-Digest: sha-256=:{digest}:\r\n".encode()

    kept = exchange(server, f"PUT {FILES}/{root}/kept HTTP/1.1", head + chunked(b"hello ", b"world"))
    other = exchange(server, f"PUT {FILES}/{root}/other HTTP/1.1", head + chunked(b"hello ", b"there"))
    unsure = exchange(server, f"PUT {FILES}/{root}/unsure HTTP/1.1", chunked(b"hello ", b"world"))
    empty = exchange(server, f"PUT {FILES}/{root}/empty HTTP/1.1", chunked())

    assert [status(answer) for answer in (kept, other, unsure, empty)] == [200, 400, 400, 200]
    assert b"Content-Digest" in unsure
    assert listed(server, root) == ["empty", "kept"]


@pytest.mark.parametrize(
    "path",
    [
        "../../../x",
        "..%2f..%2f..%2fx",
        "%2e%2e/%2e%2e/%2e%2e/x",
        "%252e%252e%252fx",
        "..\\..\\x",
        "..%5c..%5cx",
        "..;/..;/x",
        "a%00b",
        "//x",
        "%2fx",
        "%c0%ae%c0%ae/x",
        "C:/x",
        "a%0d%0aX-Evil:1",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_no_spelling_gets_past_the_gateway(server: LiveServer, root: str, method: str, path: str) -> None:
    body = b"Content-Length: 1\r\n\r\nx" if method == "PUT" else b"\r\n"

    answer = exchange(server, f"{method} {FILES}/{root}/{path} HTTP/1.1", body)

    assert 400 <= status(answer) < 500, answer
    assert b"x-evil" not in answer.partition(b"\r\n\r\n")[0].lower()
    assert listed(server, root) == []


def test_refusing_a_large_upload_reaches_its_client(server: LiveServer) -> None:
    """The client still sends when the answer is there; it has to learn why."""
    with server.session() as session:
        answer = session.put(server.url(f"{FILES}/nobodys/a"), data=b"x" * 50 * MIB, timeout=60)

    assert answer.status_code == 404


class Zeros:
    """A file of zeros, of which nothing is in memory."""

    def __init__(self, size: int) -> None:
        self.len = self._left = size

    def read(self, size: int = -1) -> bytes:
        given = bytes(min(self._left, size if size >= 0 else self._left))
        self._left -= len(given)
        return given


def memory_of(server: LiveServer) -> int:
    """Bytes resident in all processes of the server."""
    shown = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, row)) for row in re.findall(r"(\d+)\s+(\d+)\s+(\d+)", shown)]
    family = {server.process.pid}
    while more := {pid for pid, parent, _ in rows if parent in family} - family:
        family |= more
    return sum(size for pid, _, size in rows if pid in family) * 1024


@contextmanager
def peak_of(server: LiveServer) -> Iterator[dict[str, int]]:
    """The most memory that the server has while this goes on, beyond what it had before."""
    before = memory_of(server)
    assert before > 30 * MIB, "this is not all of the server"
    seen: dict[str, int] = {"growth": 0}
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            seen["growth"] = max(seen["growth"], memory_of(server) - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def up_and_down(server: LiveServer, root: str, size: int) -> tuple[int, Any]:
    """Move `size` bytes to the server and back; the bytes that came, and what the server told of them."""
    with server.session() as session:
        address = server.url(f"{FILES}/{root}/large.bin")
        sent = session.put(address, data=Zeros(size), timeout=600)
        assert sent.status_code == 200, sent.text
        with session.get(address, stream=True, timeout=600) as answer:
            came = sum(len(chunk) for chunk in answer.iter_content(MIB))
            told = answer.headers
        session.delete(address, timeout=60)
    return came, told


def check_memory(server: LiveServer, root: str, size: int) -> None:
    up_and_down(server, root, 10 * MIB)  # so that what is loaded once is loaded
    with peak_of(server) as seen:
        came, told = up_and_down(server, root, size)

    assert came == size
    assert told["Content-Length"] == str(size)
    assert seen["growth"] < GROWTH, f"{seen['growth'] / MIB:.0f} MiB"


def test_a_gigabyte_goes_up_and_down_in_constant_memory(server: LiveServer, root: str) -> None:
    check_memory(server, root, 1024 * MIB)


@pytest.mark.slow
def test_five_gigabytes_go_up_and_down_in_constant_memory(server: LiveServer, root: str) -> None:
    check_memory(server, root, 5 * 1024 * MIB)


def test_a_client_that_leaves_in_the_middle_of_a_download_keeps_no_file_open(server: LiveServer, root: str) -> None:
    with server.session() as session:
        address = server.url(f"{FILES}/{root}/large.bin")
        session.put(address, data=Zeros(50 * MIB), timeout=60)
        for _ in range(10):
            with session.get(address, stream=True, timeout=60) as answer:
                answer.raw.read(1000)
    deadline = time.monotonic() + 10
    while open_in(server, "large.bin") and time.monotonic() < deadline:
        time.sleep(0.2)

    assert open_in(server, "large.bin") == 0


def open_in(server: LiveServer, name: str) -> int:
    """How many files of that name the server's processes have open."""
    group = str(os.getpgid(server.process.pid))
    shown = subprocess.run(["ps", "-A", "-o", "pid=,pgid="], capture_output=True, text=True, check=True).stdout
    pids = [pid for pid, of in re.findall(r"(\d+)\s+(\d+)", shown) if of == group]
    found = 0
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                found += str(link.readlink()).endswith(f"/{name}")
            except FileNotFoundError:
                continue
    return found


def test_requests_of_others_go_on_while_a_large_file_comes_in(server: LiveServer, root: str) -> None:
    def upload() -> None:
        with server.session() as session:
            session.put(server.url(f"{FILES}/{root}/slow.bin"), data=Zeros(300 * MIB), timeout=120)

    uploads = [threading.Thread(target=upload) for _ in range(2)]
    for thread in uploads:
        thread.start()
    slowest = 0.0
    with server.session() as session:
        while any(thread.is_alive() for thread in uploads):
            began = time.monotonic()
            assert session.get(server.url("/health"), timeout=30).ok
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.02)
    for thread in uploads:
        thread.join()

    assert slowest < 2
    assert requests.get(server.url("/health"), timeout=5).ok
