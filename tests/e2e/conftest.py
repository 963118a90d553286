"""A real browser: the system's Chromium, driven by Playwright; people who are signed in; a server full of work."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import live, services
from tests.e2e.browsing import DESK, PASSWORD, listen, signed_in

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Without the last three, Chromium calls home at every start; where it may not, it waits.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RUNS = 20
expect.set_options(timeout=15_000)  # for a machine that has other work; what comes sooner is waited for no longer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Gone with its module: while Playwright runs, Django's ORM refuses the other tests of the same worker."""
    found = next(path for name in NAMES if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def session_of_admin(browser: Browser, server: live.LiveServer) -> Any:
    """The cookies of the administrator of `server`, who signs in once for all tests of a module."""
    context = browser.new_context()
    signed_in(context.new_page(), server, server.password)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of in the test's page."""
    return []


@pytest.fixture
def page(
    browser: Browser, server: live.LiveServer, session_of_admin: Any, complaints: list[str], request: Any
) -> Iterator[Page]:
    """Home, as the administrator of `server` sees it; with the options of a context that the test gives.

    At the end the browser has complained of nothing, and run nothing that somebody wrote.
    """
    context = browser.new_context(storage_state=session_of_admin, **getattr(request, "param", {"viewport": DESK}))
    opened = context.new_page()
    listen(opened, complaints)
    opened.goto(server.url("/admin/"))
    yield opened
    assert opened.evaluate("window.fired") is None
    context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.LiveServer]:
    """A server full of a team's work, where nobody may see what was not given to them.

    On PostgreSQL where there is one: the other tests with a browser have SQLite.
    """
    settings = {"MLREGISTRY_DEFAULT_PERMISSION": "NO_PERMISSIONS"}
    with ExitStack() as stack:
        address = services.postgres()
        database = stack.enter_context(live.fresh_database(address)) if address else ""
        running = stack.enter_context(live.ours(tmp_path_factory.mktemp("team"), database=database, **settings))
        command = [sys.executable, "manage.py", "demo", "--password", PASSWORD, "--runs", str(RUNS)]
        subprocess.run(command, cwd=live.PROJECT, env=running.environment, check=True, capture_output=True)
        yield running
