"""Starting: on nothing, again, and beside one another."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests import live, services
from tests.serve.processes import Served

Serve = Callable[..., Served]

WITHOUT_SECRETS = re.compile(r"password|MLFLOW_TRACKING_TOKEN")


def experiments(server: Served, **sent: str) -> requests.Response:
    return requests.get(f"{server.address}/api/2.0/mlflow/experiments/get?experiment_id=0", headers=sent, timeout=20)


def test_a_fresh_folder_becomes_a_server_that_says_how_to_use_it(serve: Serve, tmp_path: Path) -> None:
    server = serve().ready()
    said = server.said()
    assert "Making the database." in said
    assert f"export MLFLOW_TRACKING_URI={server.address}\n" in said
    token = re.search(r"^export MLFLOW_TRACKING_TOKEN=(\S+)$", said, re.MULTILINE)
    password = re.search(r"Sign in as admin with the password (\S+)", said)
    assert token
    assert password
    assert experiments(server).status_code == 401
    answer = experiments(server, Authorization=f"Bearer {token[1]}")
    assert answer.json()["experiment"]["name"] == "Default"
    signed_in = requests.get(f"{server.address}/api/2.0/mlflow/users/current", auth=("admin", password[1]), timeout=20)
    assert signed_in.status_code == 200
    assert sorted(path.name for path in (tmp_path / "data" / "keys").iterdir()) == ["secret", "signing.pem"]


def test_a_second_start_makes_no_database_and_tells_no_secrets(serve: Serve) -> None:
    first = serve().ready()
    first.process.terminate()
    assert first.process.wait(20) == 0
    second = serve().ready()
    assert not WITHOUT_SECRETS.search(second.said())
    assert "Making the database" not in second.said()
    assert "/admin/accounts/token/" in second.said()


def test_a_password_from_the_environment_is_not_repeated(serve: Serve) -> None:
    server = serve(MLREGISTRY_ADMIN_USERNAME="root", MLREGISTRY_ADMIN_PASSWORD="correct horse battery").ready()
    assert "correct horse" not in server.said()
    signed_in = requests.get(
        f"{server.address}/api/2.0/mlflow/users/current", auth=("root", "correct horse battery"), timeout=20
    )
    assert signed_in.json()["user"]["username"] == "root"


def test_with_sign_in_off_this_machine_needs_no_credentials(serve: Serve) -> None:
    server = serve(MLREGISTRY_AUTH="off").ready()
    assert "Sign-in is off" in server.said()
    assert not WITHOUT_SECRETS.search(server.said())
    assert experiments(server).status_code == 200


def test_an_older_database_is_brought_up_to_date_and_says_so(serve: Serve, tmp_path: Path) -> None:
    first = serve().ready()
    first.process.terminate()
    first.process.wait(20)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "serving", "zero"],
        cwd=live.PROJECT,
        env=live.clean_environment() | {"MLREGISTRY_DATA": str(tmp_path / "data")},
        check=True,
        capture_output=True,
    )
    second = serve().ready()
    assert "The database is from an earlier release: applying 1 migration.\n" in second.said()
    with sqlite3.connect(tmp_path / "data" / "mlregistry.sqlite3") as database:
        assert database.execute("select count(*) from serving_image").fetchone()


@pytest.mark.parametrize("address", [services.postgres()] if services.postgres() else [])
def test_two_servers_that_start_at_once_on_one_postgresql_both_come_up(serve: Serve, address: str) -> None:
    with live.fresh_database(address) as database:
        servers = [serve(DATABASE_URL=database), serve(DATABASE_URL=database)]
        for server in servers:
            assert server.ready().answers()
        assert sum("Making the database." in server.said() for server in servers) == 1
        for server in servers:
            server.process.terminate()
        for server in servers:
            assert server.process.wait(20) == 0
