"""What keeps the server from starting is said in one sentence, with what would help."""

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import DATABASE, free_port, migrated
from tests.serve.processes import Served

Serve = Callable[..., Served]


def refusal(server: Served) -> str:
    """What a start that was refused says: one line, and exit code 1."""
    assert server.process.wait(60) == 1
    lines = server.said().splitlines()
    assert len(lines) == 1, server.said()
    return lines[0]


def test_a_taken_port(serve: Serve) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert refusal(serve(MLREGISTRY_PORT=str(port))) == (
            f"Port {port} on 127.0.0.1 is taken by another program: stop it, or set MLREGISTRY_PORT to a free one."
        )


def test_a_port_taken_by_another_server_of_ours(serve: Serve, tmp_path: Path) -> None:
    first = serve().ready()
    second = serve(MLREGISTRY_PORT=str(first.port), MLREGISTRY_DATA=str(tmp_path / "other"))
    assert "is taken" in refusal(second)
    assert first.answers()


def test_an_address_of_another_machine(serve: Serve) -> None:
    assert "Set MLREGISTRY_HOST to an address of this machine" in refusal(serve(MLREGISTRY_HOST="192.0.2.1"))


@pytest.mark.parametrize("key", ["", "a key that is given, and long enough to be taken"])
def test_a_data_folder_that_cannot_be_written(serve: Serve, tmp_path: Path, key: str) -> None:
    (tmp_path / "file").touch()
    said = refusal(serve(MLREGISTRY_DATA=str(tmp_path / "file" / "data"), MLREGISTRY_SECRET_KEY=key))
    assert said.startswith(f"Cannot write to the data folder {tmp_path / 'file' / 'data'}: Not a directory.")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_sign_in_off_for_other_machines(serve: Serve, host: str) -> None:
    assert refusal(serve(MLREGISTRY_AUTH="off", MLREGISTRY_HOST=host)).startswith(
        "MLREGISTRY_AUTH=off makes everyone the administrator, so it serves this machine alone"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MLREGISTRY_SERVE", "some", "use one of all, artifacts-only, no-artifacts"),
        ("MLREGISTRY_AUTH", "maybe", "use one of on, off"),
        ("MLREGISTRY_PORT", "99999", "use one from 1 to 65535"),
        ("MLREGISTRY_PORT", "http", "give a whole number"),
        ("MLREGISTRY_WORKERS", "0", "at least one has to serve"),
        ("MLREGISTRY_WORKERS", "two", "give a whole number"),
        ("MLREGISTRY_JOB_HEARTBEAT", "0", "more than 0 seconds"),
        ("MLREGISTRY_JOB_HEARTBEAT", "often", "give a number"),
        ("MLREGISTRY_BROKER", "kafka://127.0.0.1", "has to be redis://… or amqp://…"),
        ("MLREGISTRY_OUTGOING_ALLOW", "10.1.0.0/33", "use such as hooks.example.com, 10.1.2.3 or 10.1.0.0/16"),
        ("MLREGISTRY_OUTGOING_ALLOW", "http://hooks.example.com", "no host, address or network"),
        ("MLREGISTRY_DEFAULT_PERMISSION", "ALL", "use one of NO_PERMISSIONS, READ"),
        ("MLREGISTRY_CREATOR_PERMISSION", "READ", "use one of EDIT, MANAGE"),
        ("MLREGISTRY_STAGES", "Shadow,production", "'production', which is taken"),
        ("MLREGISTRY_SECRET_KEY", "short", "give at least 32 random ones"),
        ("DATABASE_URL", "mysql://root:hidden@127.0.0.1/x", "give postgres://user:password@host:port/name"),
        ("DATABASE_URL", "postgres://root:hidden@127.0.0.1:five/x", "give postgres://user:password@host:port/name"),
        ("DATABASE_URL", "nonsense", "give postgres://user:password@host:port/name"),
        ("MLREGISTRY_EMAIL_URL", "smtp://ml:hidden@mail:five", "give smtp+tls://user:password@host:587"),
        ("MLREGISTRY_SLACK_WEBHOOK", "ftp://hidden", "has to be an address, https://…, or empty"),
        ("MLREGISTRY_EMAIL_FROM", "nobody", "give an address, such as ml@example.org"),
    ],
)
def test_a_wrong_setting(serve: Serve, name: str, value: str, said: str) -> None:
    line = refusal(serve(**{name: value}))
    assert said in line
    assert name in line
    assert "hidden" not in line


def test_a_database_that_does_not_answer(serve: Serve) -> None:
    port = free_port()
    line = refusal(serve(DATABASE_URL=f"postgres://nobody:hidden@127.0.0.1:{port}/nothing"))
    assert line.startswith(f"The database nothing at 127.0.0.1:{port} does not answer: ")
    assert "hidden" not in line


def test_a_file_that_is_no_database(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mlregistry.sqlite3").write_text("this is no database at all" * 100)
    assert "cannot be used: file is not a database" in refusal(serve())


def test_the_database_of_an_mlflow_server(serve: Serve, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("create table alembic_version (version_num varchar(32))")
        database.execute("create table experiments (experiment_id integer)")
    assert "belongs to an MLflow server" in refusal(serve(DATABASE_URL=f"sqlite:///{tmp_path}/mlflow.db"))
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("select count(*) from sqlite_master").fetchone() == (2,)


def test_the_database_of_some_other_program(serve: Serve, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("create table invoices (id integer)")
    assert "holds tables that are not ours (invoices, …)" in refusal(
        serve(DATABASE_URL=f"sqlite:///{tmp_path}/other.db")
    )


def test_a_database_of_a_newer_release(serve: Serve, tmp_path: Path) -> None:
    migrated(tmp_path / "data")
    with sqlite3.connect(tmp_path / "data" / DATABASE) as database:
        database.execute(
            "insert into django_migrations (app, name, applied) values ('tracking', '0999_later', '2030-01-01')"
        )
    line = refusal(serve())
    assert "newer release" in line
    assert "tracking.0999_later" in line
