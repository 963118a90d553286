"""What four people do by clicks and keys on one server full of a team's work, each as far as their role goes."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import mlflow
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from apps.demo.catalogue import MODELS, PROMPTS
from apps.demo.studies import STUDIES
from tests.e2e.browsing import DESK, PEOPLE, PHONE, enter, listen, too_wide, unusable
from tests.live import LiveServer

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("flows")]

STUDY, ROUTER = "Support ticket topics", "ticket-router"
"""An experiment and a model that the editor may change, and only somebody else manages."""
CLASSIFIER = "churn-classifier"
NAMES = [*(study.name for study in STUDIES), *(entry.name for entry in MODELS), *(prompt.name for prompt in PROMPTS)]
OBJECTS = ("experiment", "run", "model", "version")
REFUSED = (403, 404)
MAIN = {
    "admin": ("/admin/", "/admin/audit/", "/admin/audit/1/", "/admin/people/teams/1/", "/admin/jobs/", "{access}"),
    "editor": ("{experiment}", "{run}", "{run}register/", "/admin/compare/?run={key}", "{version}", "{model}diff/"),
    "reader": ("/admin/", "/admin/experiments/", "/admin/models/", "{run}charts/", "{model}", "{version}"),
    "outsider": ("/admin/", "/admin/experiments/", "/admin/models/", "/admin/account/", "/admin/search/?q=churn"),
}
"""Pages that somebody of each role works with."""

Open = Callable[[str], Page]
Places = dict[str, str]


@pytest.fixture(scope="module")
def contexts(browser: Browser, team: LiveServer) -> Iterator[dict[str, BrowserContext]]:
    """One of each person, who has signed in."""
    made = {person: browser.new_context(viewport=DESK) for person in PEOPLE}
    for person, context in made.items():
        page = context.new_page()
        enter(page, team, person)
        page.close()
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def open_as(contexts: dict[str, BrowserContext], team: LiveServer, complaints: list[str]) -> Iterator[Open]:
    """Opens home as one of them. At the end, no browser has complained, or run what somebody wrote."""
    pages = []

    def opened(person: str) -> Page:
        page = contexts[person].new_page()
        pages.append(page)
        listen(page, complaints)
        page.goto(team.url("/admin/"))
        return page

    yield opened
    for page in pages:
        assert page.evaluate("window.fired") is None
        page.close()
    assert complaints == []


@pytest.fixture
def admin(open_as: Open) -> Page:
    return open_as("admin")


@pytest.fixture
def editor(open_as: Open) -> Page:
    return open_as("editor")


@pytest.fixture
def reader(open_as: Open) -> Page:
    return open_as("reader")


@pytest.fixture
def outsider(open_as: Open) -> Page:
    return open_as("outsider")


@pytest.fixture(scope="module")
def places(contexts: dict[str, BrowserContext], team: LiveServer) -> Places:
    """Where things are that the outsider must not find; the server, for addresses that are relative to it."""
    page = contexts["admin"].new_page()

    def linked(on: str, text: str | re.Pattern[str]) -> str:
        page.goto(team.url(on))
        return str(page.locator("main").get_by_role("link", name=text).first.get_attribute("href"))

    experiment, model = linked("/admin/experiments/", STUDY), linked("/admin/models/", ROUTER)
    run = linked(f"{experiment}?filter=metrics.accuracy+%3E+0.5", re.compile(r"^mlp-"))
    page.close()
    return {
        "server": team.address,
        "experiment": experiment,
        "run": run,
        "key": run.split("/")[-2],
        "model": model,
        "version": f"{model}versions/1/",
        "access": model.replace("models", "access/model"),
    }


def send(page: Page, team: LiveServer, address: str, **fields: str) -> int:
    """The status of a form's answer, sent as a program would that has the person's cookies."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    fields["csrfmiddlewaretoken"] = cookies["csrftoken"]
    headers = {"Referer": team.address}
    return page.context.request.post(team.url(address), form=fields, headers=headers, max_redirects=0).status


def ask(page: Page, team: LiveServer, address: str) -> tuple[int, str]:
    answer = page.context.request.get(team.url(address))
    return answer.status, answer.text()


def by_keys(page: Page, words: str) -> None:
    """Search with the hands on the keyboard."""
    page.keyboard.press("/")
    page.keyboard.type(words)


def test_an_editor_finds_sorts_compares_and_tags_runs(editor: Page, team: LiveServer) -> None:
    editor.get_by_role("link", name=STUDY).first.click()
    box = editor.get_by_label("Filter runs")
    box.press_sequentially("accu")
    expect(editor.get_by_role("option", name="metrics.accuracy")).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    box.press_sequentially("> 0.3 ")
    box.press("Escape")
    box.press("Enter")
    rows = editor.locator("table.runs tbody tr")
    expect(editor).to_have_url(re.compile("filter="))
    expect(editor.get_by_label("Filter runs")).to_have_value("metrics.accuracy > 0.3")
    editor.get_by_role("link", name="accuracy", exact=True).click()
    expect(editor.locator("th[aria-sort=descending]")).to_have_text("accuracy")
    place = editor.locator("th[aria-sort=descending]").evaluate("head => head.cellIndex")
    figures = [float(text) for text in rows.locator(f"td:nth-child({place + 1})").all_inner_texts()]
    assert len(figures) > 1
    assert figures == sorted(figures, reverse=True)

    for number in (0, 1):
        rows.nth(number).get_by_role("checkbox").press("Space")
    bar = editor.locator(".selection-bar")
    expect(bar).to_contain_text("2 selected")
    expect(bar.get_by_role("button", name="Delete")).to_have_count(0)
    bar.locator("summary", has_text="Tag").click()
    editor.get_by_role("textbox", name="Key").fill("reviewed")
    editor.get_by_role("textbox", name="Value").fill("by mira")
    editor.keyboard.press("Enter")
    expect(editor.get_by_text("2 runs tagged.")).to_be_visible()

    for number in (0, 1):
        rows.nth(number).get_by_role("checkbox").check()
    bar.get_by_role("button", name="Compare").click()
    expect(editor.get_by_role("heading", name="Compare 2 runs")).to_be_visible()
    expect(editor.locator("table.grid")).to_contain_text("by mira")


def test_an_editor_takes_a_run_to_a_version_with_an_alias_and_a_card(
    editor: Page, team: LiveServer, places: Places
) -> None:
    editor.goto(team.url(places["run"]))
    expect(editor.get_by_role("link", name="Delete")).to_have_count(0)
    editor.get_by_role("link", name="Register model").click()
    expect(editor.get_by_label("As a version of")).to_have_value(ROUTER)
    editor.get_by_role("button", name="Register", exact=True).press("Enter")
    expect(editor.get_by_text("Registered: this is version")).to_be_visible()

    editor.get_by_label("Point an alias here").fill("shadow")
    editor.keyboard.press("Enter")
    expect(editor.get_by_text("The alias points at this version now.")).to_be_visible()
    expect(editor.get_by_role("button", name="Remove the alias shadow")).to_have_count(0)
    expect(editor.get_by_text("Delete this version")).to_have_count(0)
    assert send(editor, team, f"{places['version']}aliases/delete/", alias="champion") == 403
    assert send(editor, team, f"{places['version']}delete/") == 403
    assert send(editor, team, f"{places['model']}grants/", holder="liam.frost", level="READ", kind="user") == 403

    version = editor.url
    editor.locator("#card").get_by_role("link", name=re.compile("(Write|Edit) the card")).click()
    editor.get_by_label("Intended use:").fill("**Routing** of tickets, beside the one in Production.")
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor.get_by_text("This is revision")).to_be_visible()
    editor.goto(version)
    expect(editor.locator("#card strong")).to_have_text("Routing")
    by_keys(editor, f"{ROUTER}@shadow")
    expect(editor.locator(".hits").get_by_role("link", name=ROUTER)).to_be_visible()
    editor.keyboard.press("Enter")
    expect(editor).to_have_url(version)


def test_a_reader_finds_what_is_in_production_by_keys(reader: Page) -> None:
    by_keys(reader, CLASSIFIER)
    hits = reader.locator(".hits")
    expect(hits.get_by_role("link", name=CLASSIFIER).first).to_be_visible()
    reader.keyboard.press("ArrowDown")
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("heading", name=CLASSIFIER)).to_be_visible()
    lane = reader.locator(".lane.production a")
    lane.focus()
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("heading", name=f"{CLASSIFIER} version")).to_be_visible()
    expect(reader.locator(".facts")).to_contain_text("Production")
    expect(reader.get_by_text("calls of the retention desk").first).to_be_visible()


def test_a_reader_is_offered_nothing_that_would_be_refused(reader: Page, team: LiveServer, places: Places) -> None:
    offered = """found => found.map(one => new URL(
        one.getAttribute('formaction') || one.form.getAttribute('action') || '', location).pathname)"""
    targets: set[str] = set()
    links: set[str] = set()
    for address in (
        "/admin/",
        "/admin/experiments/",
        "/admin/models/",
        "/admin/people/",
        *(places[k] for k in OBJECTS),
    ):
        reader.goto(team.url(address))
        targets |= set(reader.locator("main form[method=post] button[type=submit]").evaluate_all(offered))
        found = reader.locator("main a[href^='/admin/']").evaluate_all(
            "all => all.map(one => one.getAttribute('href'))"
        )
        links |= {link for link in found if re.search(r"/(edit|register|add|new|change|access)/", link)}
    assert f"{places['experiment']}selected/compare/" in targets
    assert "/admin/experiments/new/" in links
    assert [target for target in targets if send(reader, team, target) in REFUSED] == []
    assert [link for link in links if ask(reader, team, link)[0] != 200] == []


def test_a_reader_who_sends_what_is_not_offered_is_refused(reader: Page, team: LiveServer, places: Places) -> None:
    experiment, run, model, version = (places[kind] for kind in OBJECTS)
    for address, fields in (
        (f"{run}tag/", {"key": "mine", "value": "now"}),
        (f"{run}rename/", {"name": "mine"}),
        (f"{run}delete/", {}),
        (f"{run}register/", {"name": ROUTER}),
        (f"{experiment}edit/", {"name": "mine"}),
        (f"{experiment}selected/delete/", {"run": places["key"]}),
        (f"{model}describe/", {"description": "mine"}),
        (f"{model}delete/", {"name": ROUTER}),
        (f"{model}grants/", {"kind": "user", "holder": "petra.novak", "level": "MANAGE"}),
        (f"{version}stage/", {"stage": "Archived"}),
        (f"{version}aliases/", {"alias": "mine"}),
        (f"{version}delete/", {}),
        ("/admin/people/teams/1/add/", {"username": "petra.novak"}),
    ):
        assert send(reader, team, address, **fields) in REFUSED, address
    reader.goto(team.url(version))
    expect(reader.get_by_role("heading", name=f"{ROUTER} version 1")).to_be_visible()
    expect(reader.get_by_text("mine", exact=True)).to_have_count(0)


def test_an_outsider_sees_how_to_begin_and_no_name_of_anything(outsider: Page, team: LiveServer) -> None:
    for link, said in (
        ("mlregistry", "Log your first run"),
        ("Experiments", "No experiments yet"),
        ("Models", "No models yet"),
        ("Prompts", "No prompts yet"),
        ("People", "liam.frost"),
        ("Teams", "Credit Risk"),
        ("Customer Analytics", "Nothing that you may see."),
    ):
        outsider.get_by_role("link", name=link, exact=True).first.click()
        expect(outsider.locator("main")).to_contain_text(said)
        shown = outsider.locator("body").inner_text()
        assert [name for name in NAMES if name in shown] == [], link
    expect(outsider.get_by_role("link", name="Audit", exact=True)).to_have_count(0)
    outsider.locator("summary", has_text="liam.frost").click()
    outsider.get_by_role("link", name="Jobs").click()
    expect(outsider.locator("main")).to_contain_text("No jobs yet")
    outsider.wait_for_load_state()  # Before that, nothing listens to keys.
    for name in (STUDY, ROUTER, CLASSIFIER):
        outsider.keyboard.press("/")
        outsider.locator("dialog.palette input").fill(name)
        expect(outsider.locator(".hits")).to_contain_text(f"Nothing is called “{name}”")
        outsider.keyboard.press("Escape")


def test_an_outsider_gets_a_page_that_says_not_found(
    outsider: Page, team: LiveServer, places: Places, complaints: list[str]
) -> None:
    experiment, run, model, version = (places[kind] for kind in OBJECTS)
    key = places["key"]
    for address in (
        *(experiment, f"{experiment}edit/", f"{experiment}keys/", f"{experiment}columns/", f"{experiment}rows/"),
        *(f"{experiment}live/?run={key}", f"{experiment}export/?format=csv"),
        *(run, f"{run}charts/", f"{run}points/?key=accuracy", f"{run}others/?q=m", f"{run}artifacts/"),
        *(f"{run}file/?path=model/MLmodel", f"{run}zip/", f"{run}register/"),
        *(model, f"{model}diff/", version, f"{model}versions/99/"),
        *(experiment.replace("experiments", "access/experiment"), places["access"]),
        *("/admin/audit/", "/admin/audit/1/", "/admin/audit/export/?format=csv", "/admin/nowhere/"),
    ):
        status, said = ask(outsider, team, address)
        assert status == 404, address
        assert [name for name in NAMES if name in said] == [], address
    compared = ask(outsider, team, f"/admin/compare/data/?run={key}")[1]
    assert [name for name in NAMES if name in compared] == []
    assert complaints == []
    for address in (version, "/admin/nowhere/", "/admin/audit/"):
        outsider.goto(team.url(address))
        expect(outsider.get_by_role("heading", name="Not found")).to_be_visible()
    complaints[:] = [fault for fault in complaints if "404" not in fault]


def test_who_is_given_one_model_reads_it_and_not_where_it_came_from(
    admin: Page, outsider: Page, team: LiveServer, places: Places
) -> None:
    admin.goto(team.url(places["model"]))
    admin.get_by_role("link", name="Who can see this").click()
    admin.get_by_label("Give", exact=True).fill("liam.frost")
    admin.get_by_label("the level").select_option("READ")
    admin.get_by_role("button", name="Give", exact=True).click()
    expect(admin.get_by_text("liam.frost holds READ.")).to_be_visible()

    by_keys(outsider, ROUTER)
    expect(outsider.locator(".hits").get_by_role("link", name=ROUTER, exact=False).first).to_be_visible()
    outsider.keyboard.press("Enter")
    outsider.locator(".lane.production a").click()
    expect(outsider.get_by_role("heading", name=f"{ROUTER} version 1")).to_be_visible()
    outsider.get_by_text("As a list").click()
    assert outsider.locator(f"main a[href*='{places['run']}'], main a[href*='/admin/experiments/']").count() == 0
    lineage = outsider.locator("section", has=outsider.get_by_role("heading", name="Lineage")).inner_text()
    assert STUDY not in lineage

    admin.get_by_role("button", name="Take back what liam.frost was granted").click()
    expect(admin.get_by_text("What liam.frost was granted is taken back.")).to_be_visible()
    assert ask(outsider, team, places["version"])[0] == 404


def test_an_administrator_makes_a_team_a_person_and_a_token_and_verifies_the_record(
    admin: Page, team: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.get_by_role("link", name="People", exact=True).click()
    admin.get_by_role("link", name="New person").click()
    admin.get_by_label("Username:").fill("noor.haddad")
    admin.get_by_label("New password:").fill("starts-on-monday-9")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator(".messagelist")).to_contain_text("noor.haddad")

    admin.get_by_role("link", name="People", exact=True).first.click()
    admin.get_by_role("link", name="Teams", exact=True).click()
    admin.get_by_role("link", name="New team").click()
    admin.get_by_label("Name:").fill("Data Stewards")
    admin.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(admin.locator(".messagelist")).to_contain_text("Data Stewards")
    admin.get_by_role("link", name="People", exact=True).first.click()
    admin.get_by_role("link", name="Teams", exact=True).click()
    admin.get_by_role("link", name="Data Stewards").click()
    admin.get_by_label("Username").fill("noor.haddad")
    admin.keyboard.press("Enter")
    expect(admin.get_by_text("noor.haddad is in Data Stewards.")).to_be_visible()

    admin.locator("#header summary", has_text=team.username).click()
    admin.get_by_role("link", name="My account").click()
    admin.get_by_label("What will use it").fill("release job")
    admin.keyboard.press("Enter")
    token = re.search(r"mlr_[\w-]+", admin.locator(".copyable").first.inner_text())
    assert token
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token[0])
    assert mlflow.MlflowClient(team.address).get_experiment_by_name(STUDY)
    admin.get_by_role("link", name="I have copied it").click()
    expect(admin.get_by_role("button", name="Revoke release job")).to_be_visible()
    assert token[0] not in admin.content()

    admin.get_by_role("link", name="Audit", exact=True).click()
    said = admin.locator(".entries")
    for sentence in ("put noor.haddad into team Data Stewards", "made team Data Stewards", "release job"):
        expect(said).to_contain_text(sentence)
    assert token[0] not in admin.content()
    admin.get_by_role("textbox", name="Person").fill(PEOPLE["editor"])
    admin.get_by_role("button", name="Show").click()
    expect(admin.locator(".entries li").first).to_contain_text(PEOPLE["editor"])
    admin.get_by_role("link", name="All", exact=True).click()
    admin.get_by_role("button", name="Verify the record").click()
    expect(admin.get_by_role("cell", name="unbroken")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_main_pages_can_be_used_by_all_in_the_dark_and_on_a_phone(
    browser: Browser, contexts: dict[str, BrowserContext], places: Places, complaints: list[str], person: str
) -> None:
    session: Any = contexts[person].storage_state()
    context = browser.new_context(viewport=PHONE, color_scheme="dark", storage_state=session, base_url=places["server"])
    page = context.new_page()
    listen(page, complaints)
    for address in MAIN[person]:
        page.goto(address.format(**places), wait_until="networkidle")
        complaints += [f"{address}: {fault}" for fault in unusable(page)]
        if wide := too_wide(page):
            complaints.append(f"{address}: {wide} px wider than the window")
    context.close()
    assert complaints == []
