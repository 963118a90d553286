"""A database that takes no connections for a while: callers are told to try again, and are served once it is back."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
import requests
from psycopg2 import sql

from tests import services
from tests.live import LiveServer, fresh_database, ours

ASKED = ("api/2.0/mlflow/experiments/get?experiment_id=0", "api/v1/teams", "health")


@pytest.fixture(scope="module", params=[services.postgres()] if services.postgres() else [])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    with fresh_database(request.param) as address:
        yield address


@pytest.fixture(scope="module")
def served(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with ours(tmp_path_factory.mktemp("away"), database=database) as running:
        yield running


def test_who_asks_meanwhile_is_told_to_try_again(served: LiveServer, database: str) -> None:
    session, browser = served.session(), _signed_in(served)
    assert [session.get(served.url(path)).status_code for path in ASKED] == [200] * len(ASKED)
    _take_connections(database, taken=False)
    try:
        wire, native, health = (session.get(served.url(path)) for path in ASKED)
        page = browser.get(served.url("admin/"))
    finally:
        _take_connections(database, taken=True)
    for answer in (wire, native):
        assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
        assert "try again" in answer.json()["message"]
    assert (page.status_code, "try again" in page.text) == (503, True)
    assert health.status_code == 200
    assert [session.get(served.url(path)).status_code for path in ASKED] == [200] * len(ASKED)
    assert "Home" in browser.get(served.url("admin/")).text


def _signed_in(server: LiveServer) -> requests.Session:
    """As a browser is."""
    browser = requests.Session()
    browser.trust_env = False
    page = server.url("accounts/login/")
    browser.get(page)
    known = {"login": server.username, "password": server.password}
    browser.post(page, known | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}).raise_for_status()
    return browser


def _take_connections(address: str, *, taken: bool) -> None:
    """Have the database refuse whoever comes, and send away who is there; or take them again."""
    base, name = address.rsplit("/", 1)
    with closing(psycopg2.connect(f"{base}/postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("alter database {} allow_connections {}").format(sql.Identifier(name), sql.Literal(taken))
            )
            cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
