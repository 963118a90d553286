"""Every page there is, walked by its links as four people: nothing fails, nothing is too wide, all can use it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page

from tests import live
from tests.e2e.browsing import DESK, PEOPLE, PHONE, enter, listen, too_wide, unusable

HOSTILE = "<script>window.fired = 1</script><img src=x onerror='window.fired = 1'> {{ 7 }} \u202eعربي 🧪"
LONG = f"{HOSTILE} {'long' * 1250}"[:5000]
KEY = "on error / alert.1 -" * 12
OF_ONE_ROUTE = 2
"""Pages of one route that are opened: the second shows what the first does not, a third nothing new."""
TABLES = (
    "admin/accounts/",
    "admin/audit/entry",
    "admin/governance/",
    "admin/jobs/job/",
    "admin/notices/",
    "admin/registry/",
    "admin/serving/",
    "admin/tracking/",
)
"""Django's own pages of our tables."""
LEAVES = re.compile(
    r"/(logout|password_change|download|archive|exports?|csv|zip|raw|verifier)\b|[?&](format|download)="
)
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
        if width := too_wide(self.page):
            self.faults.append(f"{address}: {width} px wider than the window")
        if self.page.evaluate("window.fired"):
            self.faults.append(f"{address}: what somebody wrote was run")
        if self.looks_closely:
            self.faults += [f"{address}: {fault}" for fault in unusable(self.page)]
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
def full(team: live.LiveServer, tmp_path_factory: pytest.TempPathFactory) -> live.LiveServer:
    """The team's server, with hostile names on top."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", team.token)
        _hostile(team, tmp_path_factory.mktemp("hostile"))
    return team


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_can_be_walked(
    browser: Browser, full: live.LiveServer, person: str, viewport: dict[str, int]
) -> None:
    context = browser.new_context(viewport=viewport)
    page = context.new_page()
    walk = Walk(page, full, looks_closely=person == "admin", opens_tables=person == "admin" and viewport is DESK)
    listen(page, walk.faults)
    enter(page, full, person)
    walk.from_("/admin/")
    context.close()
    assert walk.faults == []
    assert len(walk.opened) > 5
