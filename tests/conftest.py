"""Fixtures for every test: our server and the genuine MLflow's, really running."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from _pytest.nodeid import coerce_node_id

from tests import live, services
from tests.emptying import emptied_with_the_record_unlocked  # noqa: F401  a fixture for every test

SERVERS = ("server", "team", "genuine", "genuine_auth")
LINES_OF_LOG = 60
ASKING = {"db", "transactional_db", "django_db_setup", "server"}
"""Fixtures that bring the database of this run."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.LiveServer]:
    """Our server, on the kind of database that this run is for."""
    with ExitStack() as stack:
        address = os.environ.get("DATABASE_URL", "")
        database = stack.enter_context(live.fresh_database(address)) if address.startswith("postgres") else ""
        yield stack.enter_context(live.ours(tmp_path_factory.mktemp("server"), database=database))


@pytest.fixture(scope="session")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.LiveServer]:
    """The genuine MLflow server, open to all."""
    with live.genuine_mlflow(tmp_path_factory.mktemp("genuine")) as running:
        yield running


@pytest.fixture(scope="session")
def genuine_auth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.LiveServer]:
    """The genuine MLflow server with its basic-auth app."""
    with live.genuine_mlflow(tmp_path_factory.mktemp("genuine_auth"), with_auth=True) as running:
        yield running


def pytest_report_header() -> str:
    return services.described()


@pytest.hookimpl(tryfirst=True)  # before pytest reads the marks, and xdist the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks no database need not be asked on each of them.

    Tests that need the genuine server share one xdist worker: starting it takes longer than asking it.
    """
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") is None and not fixtures & ASKING:
            item.add_marker(pytest.mark.once)
        if fixtures & {"genuine", "genuine_auth"}:
            item.add_marker(pytest.mark.xdist_group("genuine"))


@pytest.hookimpl(tryfirst=True)  # before xdist tells what there is
def pytest_collection_finish(session: pytest.Session) -> None:
    """Have groups heeded: xdist 3.8 writes them where pytest 9.2 no longer looks, and each worker would do all anew."""
    for item in session.items:
        written = getattr(item, "_nodeid", "")
        if "@" in written and item.nodeid != written:
            item._id = coerce_node_id(written)  # noqa: SLF001  there is no other way in
            assert item.nodeid == written


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """A failed test shows the end of the logs of the servers that it used."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for name in SERVERS:
            running = getattr(item, "funcargs", {}).get(name)
            if isinstance(running, live.LiveServer):
                report.sections.append((f"log of {name}", running.log_tail(LINES_OF_LOG)))
