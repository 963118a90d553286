"""Pictures of the pages, for the README and the documentation: make screenshots

A server is filled by manage.py demo, deployments and all; its pages are taken at 1280 and 390 px, light and dark, into
docs/screenshots.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import docker
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import live
from tests.e2e.browsing import DESK, PHONE, sign_in
from tests.e2e.conftest import ARGUMENTS, NAMES
from tests.engine import serving_on

FOLDER = live.PROJECT / "docs" / "screenshots"
SIZES = {"desk": DESK, "phone": PHONE}
SCHEMES = ("light", "dark")
COLOURS = 128
"""A page has few: a palette makes the file a third."""
DEPLOYED_WITHIN_S = 900


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(docker.from_env()) as engine,
        serving_on(engine, "mlregistry-screenshots") as settings,
        live.ours(Path(folder), **settings) as server,
        sync_playwright() as playwright,
    ):
        command = [sys.executable, "manage.py", "demo", "--deploy"]
        subprocess.run(command, cwd=live.PROJECT, env=server.environment, check=True)
        found = next(path for name in NAMES if (path := shutil.which(name)))
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        pages = _pages(browser, server)
        for size in SIZES:
            for scheme in SCHEMES:
                _take(browser, server, pages, size, scheme)
        browser.close()


def _signed_in(browser: Browser, server: live.LiveServer, size: str, scheme: str) -> Page:
    page = browser.new_context(viewport=SIZES[size], color_scheme=scheme).new_page()
    sign_in(page, server, server.password)
    page.wait_for_load_state()
    return page


def _pages(browser: Browser, server: live.LiveServer) -> dict[str, str]:
    """Where there is something to see, by the name of the picture."""
    page = _signed_in(browser, server, "desk", "light")

    def linked(on: str, pattern: str) -> list[str]:
        page.goto(server.url(on))
        links = page.eval_on_selector_all("main a[href]", "found => found.map(link => link.getAttribute('href'))")
        return list(dict.fromkeys(link for link in links if re.fullmatch(pattern, link)))

    page.goto(server.url("/admin/experiments/"))
    churn = page.get_by_role("link", name=re.compile("churn", re.IGNORECASE)).first
    experiment = churn.get_attribute("href") or ""
    runs = linked(f"{experiment}?flat=1&filter=params.family+%21%3D+%27%27", r"/admin/runs/\w{32}/")
    model = linked("/admin/models/", r"/admin/models/\d+/")[0]
    versions = linked(model, r"/admin/models/\d+/versions/\d+/")
    reviews = "/admin/reviews/?tab=all"
    review = linked(reviews, r"/admin/reviews/\d+/.*")[-1]
    page.context.close()
    return {
        "home": "/admin/",
        "experiments": "/admin/experiments/",
        "runs": f"{experiment}?flat=1",
        "run": runs[1],
        "charts": f"{runs[1]}charts/",
        "artifacts": f"{runs[1]}artifacts/",
        "compare": "/admin/compare/?" + "&".join(f"run={link.split('/')[3]}" for link in runs[1:9]),
        "models": "/admin/models/",
        "model": model,
        "version": versions[0],
        "diff": f"{model}diff/?left=1&right=2",
        "reviews": reviews,
        "review": review,
        "deployments": "/admin/deployments/",
        "deployment": _deployed(browser, server),
        "people": "/admin/people/",
        "audit": "/admin/audit/",
    }


def _deployed(browser: Browser, server: live.LiveServer) -> str:
    """The page of a deployment, when all of them answer."""
    page = _signed_in(browser, server, "desk", "light")
    deadline = time.monotonic() + DEPLOYED_WITHIN_S
    while True:
        page.goto(server.url("/admin/deployments/"))
        table = page.get_by_role("table", name="Deployments")
        names = table.locator("th a")
        if table.locator(".badge", has_text="live").count() == names.count():
            path = names.first.get_attribute("href") or ""
            page.context.close()
            return path
        if time.monotonic() > deadline:
            raise SystemExit(f"Not everything was deployed within {DEPLOYED_WITHIN_S} s.\n{server.log_tail()}")
        page.wait_for_timeout(2_000)


def _take(browser: Browser, server: live.LiveServer, pages: dict[str, str], size: str, scheme: str) -> None:
    page = _signed_in(browser, server, size, scheme)
    for name, path in pages.items():
        page.goto(server.url(path), wait_until="networkidle")
        picture = Image.open(io.BytesIO(page.screenshot()))
        picture.convert("RGB").quantize(COLOURS).save(FOLDER / f"{name}-{size}-{scheme}.png", optimize=True)
    page.context.close()


if __name__ == "__main__":
    main()
