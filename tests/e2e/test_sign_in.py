"""What a person sees first: the sign-in page, the admin, the documents; and a token made there signs a client in."""

import re
from collections.abc import Callable, Iterator

import mlflow
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import DESK, PHONE, listen, sign_in
from tests.live import LiveServer

PAGES = (
    "/admin/",
    "/admin/tracking/experiment/",
    "/admin/tracking/experiment/0/change/",
    "/admin/tracking/run/",
    "/admin/registry/registeredmodel/",
    "/admin/registry/modelversion/",
    "/admin/registry/webhook/add/",
    "/admin/accounts/user/",
    "/admin/accounts/token/add/",
    "/admin/audit/entry/",
    "/admin/jobs/job/",
    "/api/docs/",
)

pytestmark = pytest.mark.once
Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, complaints: list[str]) -> Iterator[Open]:
    contexts = []

    def opened(**options: object) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        listen(page, complaints)
        return page

    yield opened
    for context in contexts:
        context.close()


def test_a_wrong_password_is_told_and_signs_nobody_in(server: LiveServer, open_page: Open) -> None:
    page = open_page()
    sign_in(page, server, "not the password at all")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.locator("body")).to_contain_text("not correct")
    page.goto(server.url("/admin/"))
    assert "/accounts/login/" in page.url


@pytest.mark.parametrize(("scheme", "size"), [("dark", DESK), ("light", PHONE)], ids=["a dark desk", "a light phone"])
def test_every_page_opens_without_a_complaint(
    server: LiveServer, open_page: Open, complaints: list[str], size: dict[str, int], scheme: str
) -> None:
    page = open_page(viewport=size, color_scheme=scheme)
    sign_in(page, server, server.password)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    for path in PAGES:
        page.goto(server.url(path), wait_until="networkidle")
        assert page.url == server.url(path)
    assert complaints == []


def test_a_token_made_in_the_admin_signs_a_client_in(
    server: LiveServer, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page()
    sign_in(page, server, server.password)
    page.goto(server.url("/admin/accounts/token/add/"))
    page.get_by_label("User:").select_option(label=server.username)
    page.get_by_label("Name:").fill("my notebook")
    page.get_by_role("button", name="Save", exact=True).click()
    token = re.search(r"mlr_[\w-]+", page.locator("#content").inner_text())
    assert token
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token[0])
    client = mlflow.MlflowClient(server.address)
    assert client.get_experiment("0").name == "Default"


def test_signing_out_ends_the_session(server: LiveServer, open_page: Open) -> None:
    page = open_page()
    sign_in(page, server, server.password)
    page.locator("summary", has_text=server.username).click()
    page.get_by_role("button", name="Sign out").click()
    sign_out = page.get_by_role("button", name="Sign out")
    if sign_out.count():
        sign_out.click()
    page.goto(server.url("/admin/"))
    assert "/accounts/login/" in page.url
