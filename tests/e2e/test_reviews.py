"""From a script that knows nothing of approvals to Production: refused, approved by two in a browser, found there."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import DESK, PASSWORD, PHONE, enter, listen, signed_in, too_wide, unusable
from tests.live import LiveServer, clean_environment

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("flows")]

NAME = "churn-fresh"
"""The demo's policy protects Production of what is called so."""
SCRIPT = f"""
import mlflow


class Constant(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [1] * len(model_input)


client = mlflow.MlflowClient()
if not client.search_model_versions("name='{NAME}'"):
    mlflow.set_experiment("{NAME}")
    with mlflow.start_run():
        mlflow.log_metric("accuracy", 0.93)
        mlflow.pyfunc.log_model(name="model", python_model=Constant(), registered_model_name="{NAME}")
try:
    version = client.transition_model_version_stage("{NAME}", "1", "Production")
    print("It is in", version.current_stage)
except mlflow.MlflowException as refusal:
    print("Refused:", refusal)
"""
SCIENTIST, RISK, IT = "mira.okafor", "petra.novak", "hanna.vogel"
READY_WITHIN = 60_000
"""For a worker to read the version's files, in milliseconds."""
PLACES = (
    "/admin/reviews/?tab=all",
    "/admin/reviews/?tab=all&state=undecided&action=registry.set_stage",
    "/admin/reviews/1/",
    "/admin/policies/",
    "/admin/policies/1/",
    "/admin/policies/1/edit/",
    "/admin/policies/1/revisions/1/dry-run/",
    "/admin/policies/new/",
    "/admin/holds/",
    "/admin/models/1/",
    "/admin/models/1/versions/1/",
    "/admin/models/1/versions/1/promotion/?to=Production",
)

As = Callable[[str], Page]


@pytest.fixture
def as_(browser: Browser, team: LiveServer, complaints: list[str]) -> Iterator[As]:
    """Opens home as somebody of the demo; at the end no browser has complained."""
    contexts = []

    def opened(username: str) -> Page:
        context = browser.new_context(viewport=DESK)
        contexts.append(context)
        page = context.new_page()
        listen(page, complaints)
        signed_in(page, team, PASSWORD, username)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def run_script(team: LiveServer, folder: Path) -> str:
    """As the scientist runs it, on a machine of her own."""
    path = folder / "train.py"
    path.write_text(SCRIPT)
    signs_in = {
        "MLFLOW_TRACKING_URI": team.address,
        "MLFLOW_TRACKING_USERNAME": SCIENTIST,
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
    }
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env=clean_environment() | signs_in | {"PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_a_script_is_refused_two_approve_by_keys_and_it_finds_itself_promoted(
    team: LiveServer, as_: As, tmp_path: Path
) -> None:
    said = run_script(team, tmp_path)
    address = re.search(r"It is decided at \S+(/admin/reviews/\d+/)", said)
    assert address, said
    assert "PERMISSION_DENIED" in said
    assert "2 approvals (1 of Model Risk, 1 of IT Operations)" in said
    assert address[1] in run_script(team, tmp_path), "asking again finds the same request"
    _let_read(as_(SCIENTIST), team, "Model Risk", "IT Operations")

    risk = as_(RISK)
    _walk_to_the_request(risk, team, address[1])
    _comment_by_key(risk, "How was it measured, @mira.okafor?")
    _approve_by_key(risk)
    expect(risk.get_by_text("Others have to agree yet.")).to_be_visible()

    it = as_(IT)
    it.goto(team.url(address[1]))
    expect(it.locator("#votes")).to_contain_text(f"{RISK} approved for Model Risk")
    expect(it.locator("#comments strong")).to_have_text("@mira.okafor")
    it.keyboard.press("r")
    expect(it.locator("#decide textarea")).to_be_focused()
    it.locator("#decide textarea").blur()
    _approve_by_key(it)
    expect(it.locator("#applied")).to_contain_text("it is so now")
    expect(it.locator("#applied")).to_contain_text(f"{RISK}, {IT}")

    assert "It is in Production" in run_script(team, tmp_path)


def test_a_version_is_asked_for_on_its_page(team: LiveServer, as_: As) -> None:
    page = as_(SCIENTIST)
    page.goto(team.url("/admin/models/"))
    page.get_by_role("link", name="churn-classifier").first.click()
    page.get_by_role("link", name="v3", exact=True).first.click()
    panel = page.locator("#promotion")
    panel.locator("summary", has_text="champion").click()
    asking = panel.locator("details", has_text="champion")
    expect(asking).to_contain_text(f"{RISK} for Model Risk")
    asking.get_by_label("Why").fill("As good, and half as large.")
    asking.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Point alias champion of churn-classifier at version 3"
    )
    expect(page.get_by_text("As good, and half as large.")).to_be_visible()
    page.get_by_text("Withdraw the request").click()
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(page.locator(".badge", has_text="cancelled").first).to_be_visible()


def test_a_policy_is_tried_before_it_is_saved(team: LiveServer, browser: Browser, complaints: list[str]) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    listen(page, complaints)
    enter(page, team, "admin")
    page.goto(team.url("/admin/policies/new/"))
    document = page.get_by_label("What it asks for")
    document.fill("protects: [")
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#tried")).to_contain_text("This is no YAML")
    complaints.clear()  # of an answer that refuses
    document.fill("protects: {stage: [Production]}\ngates: [{tag_equals: {key: nobody-set-this, value: 'yes'}}]")
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#dry-run")).to_contain_text("Its gates would have stopped")
    expect(page.locator("#dry-run li").first).to_contain_text("has no tag nobody-set-this")
    expect(page).to_have_url(re.compile(r"/policies/new/$"))
    context.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", DESK), ("dark", PHONE)], ids=["a light desk", "a dark phone"]
)
def test_pages_of_reviews_are_for_everybody(
    browser: Browser, team: LiveServer, scheme: Any, viewport: Any, complaints: list[str]
) -> None:
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    listen(page, complaints)
    enter(page, team, "admin")
    faults = []
    for place in PLACES:
        page.goto(team.url(place), wait_until="networkidle")
        for closed in page.locator("main details:not([open]) > summary").all()[:8]:
            if closed.is_visible():
                closed.click()
        page.wait_for_load_state("networkidle")
        faults += [f"{place}: {too_wide(page)} px wider"] if too_wide(page) else []
        faults += [f"{place}: {fault}" for fault in unusable(page)]
    context.close()
    assert (faults, complaints) == ([], [])


def _let_read(page: Page, team: LiveServer, *teams: str) -> None:
    page.goto(team.url("/admin/models/"))
    page.get_by_role("link", name=NAME).first.click()
    for name in teams:
        page.get_by_text("Give a permission").click()
        form = page.locator("#permissions form.stack")
        form.get_by_label("To a").select_option("team")
        form.get_by_label("Called").fill(name)
        form.get_by_role("button", name="Give").click()
        expect(page.locator("#permissions ul")).to_contain_text(name)


def _walk_to_the_request(page: Page, team: LiveServer, address: str) -> None:
    """Down the queue by `j`, one back by `k` and down again, and in."""
    page.goto(team.url("/admin/reviews/"))
    wanted = page.locator(f'a.title[href^="{address}"]')
    for _ in range(page.locator("a.title").count()):
        page.keyboard.press("j")
        if _is_focused(wanted):
            break
    expect(wanted).to_be_focused()
    if page.locator("a.title").count() > 1:
        page.keyboard.press("k")
        expect(wanted).not_to_be_focused()
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(address))


def _is_focused(found: Locator) -> bool:
    return bool(found.evaluate("found => found === document.activeElement"))


def _comment_by_key(page: Page, text: str) -> None:
    page.keyboard.press("c")
    expect(page.locator("#new-comment")).to_be_focused()
    begun, _, name = text.partition(f"@{SCIENTIST}")
    page.keyboard.type(f"{begun}@{SCIENTIST[:3]}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=f"@{SCIENTIST}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#new-comment")).to_have_value(f"{begun}@{SCIENTIST} ")
    page.keyboard.type(name)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_text("Your comment is there.")).to_be_visible()


def _approve_by_key(page: Page) -> None:
    approve = page.locator("#decide .approve")
    for _ in range(READY_WITHIN // 1000):  # a worker reads the files meanwhile
        if approve.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    page.keyboard.press("a")
    expect(approve).to_be_focused()
    page.keyboard.press("Enter")
