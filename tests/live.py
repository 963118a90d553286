"""Servers that tests talk to over HTTP: ours and the genuine MLflow, each a process with a folder of its own."""

import atexit
import functools
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import requests
from cryptography.fernet import Fernet
from psycopg2 import sql

PROJECT = Path(__file__).resolve().parent.parent
START_WITHIN_S = 90
STOP_WITHIN_S = 20
DATABASE = "mlregistry.sqlite3"
"""Of a server's data folder."""
TOKEN_LINE = re.compile(r"MLFLOW_TRACKING_TOKEN=(\S+)")


@dataclass
class LiveServer:
    """A server under test, and how to sign in."""

    address: str
    folder: Path
    log: Path
    process: subprocess.Popen[bytes]
    username: str = ""
    password: str = ""
    token: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def client_environment(self) -> dict[str, str]:
        """What a client is told: where, and as whom."""
        told = {"MLFLOW_TRACKING_URI": self.address}
        if self.token:
            return told | {"MLFLOW_TRACKING_TOKEN": self.token}
        if self.username:
            return told | {"MLFLOW_TRACKING_USERNAME": self.username, "MLFLOW_TRACKING_PASSWORD": self.password}
        return told

    def session(self) -> requests.Session:
        """A signed-in HTTP session; paths are given to `url`."""
        session = requests.Session()
        session.trust_env = False
        if self.token:
            session.headers["Authorization"] = f"Bearer {self.token}"
        elif self.username:
            session.auth = (self.username, self.password)
        return session

    def url(self, path: str) -> str:
        return f"{self.address}/{path.lstrip('/')}"

    def log_tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End it as a supervisor would, and its whole process group if it does not listen."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """This process's environment without what would tell a server or client where to go."""
    ours = ("MLFLOW_", "MLREGISTRY_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _start(command: list[str], environment: Mapping[str, str], folder: Path, port: int) -> LiveServer:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT if "manage.py" in command else folder,
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = LiveServer(f"http://127.0.0.1:{port}", folder, log, process, environment=dict(environment))
    try:
        _wait(server)
    except BaseException:
        server.stop()
        raise
    return server


def _wait(server: LiveServer) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"The server ended with {server.process.returncode}:\n{server.log_tail()}")
        try:
            if requests.get(server.url("health"), timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError(f"The server did not answer within {START_WITHIN_S} s:\n{server.log_tail()}")


def migrated(data: Path) -> None:
    """Give the data folder of a server that is to start a database with its tables, and with nobody in it yet.

    Making the tables takes two thirds of a first start; here once for all servers of this process.
    """
    if not (data / DATABASE).exists():
        data.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_migrated() / DATABASE, data / DATABASE)


@functools.cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mlregistry-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=PROJECT, env=clean_environment() | {"MLREGISTRY_DATA": str(folder)}, check=True)
    return folder


@contextmanager
def ours(folder: Path, *, database: str = "", token: str = "", **settings: str) -> Iterator[LiveServer]:
    """Our server by `manage.py serve` on `database` (SQLite in `folder` by default), with further settings.

    Give the `token` of the first start to a second one, which prints none.
    """
    port = free_port()
    username, password = "admin", secrets.token_urlsafe(16)
    if not database:
        migrated(folder / "data")
    environment = clean_environment() | {
        "MLREGISTRY_DATA": str(folder / "data"),
        "MLREGISTRY_PORT": str(port),
        "MLREGISTRY_ADMIN_USERNAME": username,
        "MLREGISTRY_ADMIN_PASSWORD": password,
        **({"DATABASE_URL": database} if database else {}),
        **settings,
    }
    server = _start([sys.executable, "manage.py", "serve"], environment, folder, port)
    try:
        server.username, server.password = username, password
        server.token = token or _printed_token(server)
        yield server
    finally:
        server.stop()


def _printed_token(server: LiveServer) -> str:
    """The token of the first admin: `serve` prints it when it begins, as a line to copy."""
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        found = TOKEN_LINE.search(server.log.read_text(errors="replace"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"The server printed no MLFLOW_TRACKING_TOKEN:\n{server.log_tail()}")


@contextmanager
def genuine_mlflow(
    folder: Path, *, with_auth: bool = False, database: str = "", workers: int = 1
) -> Iterator[LiveServer]:
    """The genuine MLflow server on `database` (SQLite in `folder` by default), serving artifacts.

    It is open to all, or comes with its basic-auth app.
    """
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        str(Path(sys.executable).with_name("mlflow")), "server", "--port", str(port),
        "--workers", str(workers),
        "--backend-store-uri", database or f"sqlite:///{folder}/mlflow.db",
        "--serve-artifacts", "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip
    environment = clean_environment() | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "https,http",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
    }
    username, password = "admin", secrets.token_urlsafe(16)
    if with_auth:
        command += ["--app-name", "basic-auth"]
        environment |= _auth_settings(folder, username, password)
    server = _start(command, environment, folder, port)
    if with_auth:
        server.username, server.password = username, password
    try:
        yield server
    finally:
        server.stop()


def _auth_settings(folder: Path, username: str, password: str) -> dict[str, str]:
    config = folder / "auth.ini"
    config.write_text(
        "[mlflow]\n"
        "default_permission = READ\n"
        "auth_cache_ttl_seconds = 600\n"  # checking a password takes longer than answering
        f"database_uri = sqlite:///{folder}/auth.db\n"
        f"admin_username = {username}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    return {
        "MLFLOW_AUTH_CONFIG_PATH": str(config),
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(16),
    }


@contextmanager
def fresh_database(address: str) -> Iterator[str]:
    """A new, empty database on the PostgreSQL at `address`; dropped afterwards."""
    base = address.rsplit("/", 1)[0]
    name = f"mlregistry_live_{secrets.token_hex(4)}"
    _execute(f"{base}/postgres", sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        yield f"{base}/{name}"
    finally:
        _execute(f"{base}/postgres", sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _execute(address: str, statement: sql.Composed) -> None:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
