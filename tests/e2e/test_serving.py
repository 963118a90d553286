"""From a version to a prediction by clicks: built, deployed, asked, replaced, brought back, stopped and deleted."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import DESK, PHONE, listen, signed_in, too_wide, unusable
from tests.serving.conftest import Serving, engine, serving  # noqa: F401  fixtures
from tests.serving.models import register

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("docker")]

BUILT_WITHIN = 300_000
"""Milliseconds, for a machine that does other things besides."""
PLACES = ("/admin/", "/admin/deployments/", "/admin/deployments/shop-live/", "/admin/images/1/")


@pytest.fixture
def page(browser: Browser, serving: Serving, complaints: list[str]) -> Iterator[Page]:  # noqa: F811
    context = browser.new_context(viewport=DESK)
    opened = context.new_page()
    listen(opened, complaints)
    signed_in(opened, serving.server, serving.server.password)
    yield opened
    context.close()
    assert complaints == []


def test_a_version_is_built_deployed_asked_replaced_and_stopped(page: Page, serving: Serving) -> None:  # noqa: F811
    page.goto(serving.server.url("/admin/deployments/"))
    expect(page.get_by_role("heading", name="Nothing is deployed yet")).to_be_visible()

    registered(serving, 1)
    page.goto(serving.server.url("/admin/models/1/versions/1/"))
    build(page)
    deploy_from_the_version(page)
    ask(page)
    registered(serving, 2)
    page.reload()
    replace_and_bring_back(page)
    for place in PLACES:
        page.goto(serving.server.url(place))
        is_for_everybody(page)
    page.goto(serving.server.url("/admin/deployments/shop-live/"))
    stop_and_delete(page)

    expect(page.get_by_role("heading", name="Nothing is deployed yet")).to_be_visible()


def registered(serving: Serving, version: int) -> None:  # noqa: F811
    register(serving.server, "shop", "doubling")
    serving.until(lambda: serving.get(f"registered-models/shop/versions/{version}/scans")["results"])


def build(page: Page) -> None:
    page.get_by_role("button", name="Build").click()
    expect(page.get_by_text("The image is being built.")).to_be_visible()
    page.get_by_role("link", name="Image 1").click()
    expect(page.locator(".page-head .badge")).to_have_text("ready", timeout=BUILT_WITHIN)
    expect(page.get_by_text('{"predictions": [2.0, 4.0]}', exact=True)).to_be_visible()


def deploy_from_the_version(page: Page) -> None:
    page.get_by_role("link", name="shop version 1").click()
    page.locator("summary", has_text="Deploy").click()
    page.get_by_label("To", exact=True).fill("shop-live")
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_role("heading", name="Version 1 is coming")).to_be_visible()
    serves(page, 1)


def ask(page: Page) -> None:
    page.get_by_label("Input").fill('{"inputs": {"x": [21]}}')
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer")).to_contain_text("42")
    expect(page.locator("#answer")).to_contain_text("version 1 in")


def replace_and_bring_back(page: Page) -> None:
    page.locator("select[name=version]").select_option("2")
    page.get_by_label("Why").fill("newer")
    page.get_by_role("button", name="Deploy").click()
    serves(page, 2)
    page.get_by_role("button", name="Back to v1").click()
    serves(page, 1)


def serves(page: Page, version: int) -> None:
    expect(page.locator(".page-head .badge")).to_have_text("live", timeout=BUILT_WITHIN)
    expect(page.locator(".page-head").get_by_role("link", name=f"version {version}")).to_be_visible(
        timeout=BUILT_WITHIN
    )


def is_for_everybody(page: Page) -> None:
    assert unusable(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert too_wide(page) == 0
    page.set_viewport_size(DESK)  # type: ignore[arg-type]


def stop_and_delete(page: Page) -> None:
    page.locator("summary", has_text="Stop").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("shop-live serves nothing any more.")).to_be_visible()
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("shop-live is deleted.")).to_be_visible()
