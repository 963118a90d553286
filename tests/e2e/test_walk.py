"""Every page there is, walked by its links as four people: nothing fails, nothing is too wide, all can use it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page

from tests import live, services
from tests.e2e.test_sign_in import DESK, PHONE, sign_in

PEOPLE = {"admin": "", "editor": "mira.okafor", "reader": "petra.novak", "outsider": "liam.frost"}
"""Of manage.py demo; the administrator is the server's own."""
PASSWORD = "walks-every-page-4"
HOSTILE = "<script>window.fired = 1</script><img src=x onerror='window.fired = 1'> {{ 7 }} \u202eعربي 🧪"
LONG = f"{HOSTILE} {'long' * 1250}"[:5000]
KEY = "on error / alert.1 -" * 12
OF_ONE_ROUTE = 2
"""Pages of one route that are opened: the second shows what the first does not, a third nothing new."""
AXE = {"resultTypes": ["violations"], "preload": False}
"""Without `preload`: to look into style sheets, axe writes them into the page, which the page's policy refuses."""
TABLES = ("admin/accounts/", "admin/audit/entry", "admin/jobs/job/", "admin/registry/", "admin/tracking/")
"""Django's own pages of our tables."""
SERIOUS = ("serious", "critical")
LEAVES = re.compile(r"/(logout|password_change|download|archive|export|csv|zip|raw)\b|[?&](format|download)=")
"""Addresses that end the walk or are files."""


@dataclass
class Walk:
    """What was opened, and what was wrong there."""

    page: Page
    server: live.LiveServer
    looks_closely: bool
    """Whether axe looks at each page, which takes most of the time."""
    opens_tables: bool
    opened: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def from_(self, start: str) -> None:
        waiting, seen = [start], {start}
        while waiting:
            address = waiting.pop(0)
            route = _route(address)
            is_table = route.startswith(TABLES)
            if self.opened.get(route, 0) >= (1 if is_table else OF_ONE_ROUTE) or (is_table and not self.opens_tables):
                continue
            self.opened[route] = self.opened.get(route, 0) + 1
            for found in self._links_of(address):
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)

    def _links_of(self, address: str) -> list[str]:
        self.page.goto(self.server.url(address), wait_until="networkidle" if self.looks_closely else "load")
        width = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if width > 0:
            self.faults.append(f"{address}: {width} px wider than the window")
        if self.page.evaluate("window.fired"):
            self.faults.append(f"{address}: what somebody wrote was run")
        if self.looks_closely:
            self.faults += [f"{address}: {fault}" for fault in _unusable(self.page)]
        # Links in drawings have no plain `href` property.
        absolute = "found => found.map(link => new URL(link.getAttribute('href'), location).href)"
        links = self.page.eval_on_selector_all("a[href]", absolute)
        return [path for link in links if (path := self._ours(link))]

    def _ours(self, link: str) -> str:
        parts = urlsplit(link)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        ours = f"{parts.scheme}://{parts.netloc}" == self.server.address and parts.path.startswith("/admin/")
        return path if ours and not LEAVES.search(path) else ""


def _route(address: str) -> str:
    """The pattern that answers at `address`, so that a hundred runs are one kind of page."""
    try:
        return resolve(urlsplit(address).path).route
    except Resolver404:
        return address


def _unusable(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE).response["violations"]
    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:200]}"
        for violation in found
        if violation["impact"] in SERIOUS
    ]


def _hostile(server: live.LiveServer, folder: Path) -> None:
    """The newest of everything, and so first in every list: scripts, right-to-left text, emoji, 5,000 characters."""
    client = mlflow.MlflowClient(server.address)
    experiment = client.create_experiment(f"{HOSTILE} experiment", tags={"mlflow.note.content": HOSTILE, KEY: LONG})
    run = client.create_run(
        experiment, run_name=HOSTILE, tags={"mlflow.note.content": LONG, "mlflow.source.name": HOSTILE}
    )
    run_id = run.info.run_id
    for step in range(5):
        client.log_metric(run_id, KEY, step, step=step)
    client.log_param(run_id, KEY, HOSTILE)
    client.log_param(run_id, "long", LONG)
    client.set_tag(run_id, KEY, LONG)
    for name in ("<img src=x onerror=fired()>.html", "notes عربي.md", f"{'n' * 120}.txt"):
        (folder / name).write_text(f"<script>window.fired = 1</script># {HOSTILE}\n{LONG}")
        client.log_artifact(run_id, str(folder / name), "model")
    other = client.create_run(experiment, run_name=LONG)
    client.log_metric(other.info.run_id, KEY, float("nan"))
    name = f"{HOSTILE} model".replace("/", "|").replace(":", "|")
    client.create_registered_model(name, tags={KEY: LONG}, description=HOSTILE)
    client.create_model_version(name, f"runs:/{run_id}/model", run_id, tags={KEY: LONG}, description=LONG)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.LiveServer]:
    """A server full of a team's work, where nobody may see what was not given to them.

    On PostgreSQL where there is one: the other tests with a browser have SQLite.
    """
    settings = {"MLREGISTRY_DEFAULT_PERMISSION": "NO_PERMISSIONS"}
    with ExitStack() as stack:
        address = services.postgres()
        database = stack.enter_context(live.fresh_database(address)) if address else ""
        folder = tmp_path_factory.mktemp("team")
        running = stack.enter_context(live.ours(folder, database=database, **settings))
        command = [sys.executable, "manage.py", "demo", "--password", PASSWORD, "--runs", "40"]
        subprocess.run(command, cwd=live.PROJECT, env=running.environment, check=True, capture_output=True)
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("MLFLOW_TRACKING_TOKEN", running.token)
            _hostile(running, tmp_path_factory.mktemp("hostile"))
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_can_be_walked(
    browser: Browser, team: live.LiveServer, person: str, viewport: dict[str, int]
) -> None:
    context = browser.new_context(viewport=viewport)
    page = context.new_page()
    walk = Walk(page, team, looks_closely=person == "admin", opens_tables=person == "admin" and viewport is DESK)
    page.on("pageerror", lambda error: walk.faults.append(f"{page.url}: {error}"))
    page.on("console", lambda said: said.type == "error" and walk.faults.append(f"{page.url}: {said.text}"))
    page.on("response", lambda answer: answer.status >= 400 and walk.faults.append(f"{answer.status} {answer.url}"))
    sign_in(page, team, PASSWORD if PEOPLE[person] else team.password, PEOPLE[person])
    walk.from_("/admin/")
    context.close()
    assert walk.faults == []
    assert len(walk.opened) > 5
