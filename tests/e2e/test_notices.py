"""The bell, the list behind it and the choices, by click and key in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import DESK, PHONE, enter, listen, too_wide, unusable
from tests.live import LiveServer
from tests.serve.processes import until

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("flows")]

PATHS = ("/admin/notices/", "/admin/notices/?which=unread&event=stale", "/admin/account/notices/")


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def petra(request: pytest.FixtureRequest, browser: Browser, team: LiveServer, complaints: list[str]) -> Iterator[Page]:
    """A reviewer whom requests wait for."""
    context = browser.new_context(viewport=request.param)
    page = context.new_page()
    listen(page, complaints)
    enter(page, team, "reader")
    yield page
    context.close()
    assert complaints == []


def unread(page: Page) -> int:
    """What the bell says, once it has asked."""
    expect(page.locator(".bell .of-bell")).to_be_attached()
    said = page.locator(".bell .count")
    return int(said.inner_text()) if said.count() else 0


def listed_unread(page: Page, team: LiveServer) -> int:
    page.goto(team.url("/admin/notices/"))
    return page.locator("li.told.unread").count()


def test_every_page_of_notices_fits_and_can_be_used(petra: Page, team: LiveServer) -> None:
    for path in PATHS:
        petra.goto(team.url(path), wait_until="networkidle")
        assert not too_wide(petra), path
        assert unusable(petra) == [], path


@pytest.mark.parametrize("petra", [DESK], indirect=True, ids=["desk"])
def test_what_is_read_by_key_or_opened_is_counted_no_more(petra: Page, team: LiveServer) -> None:
    before = unread(petra)
    assert before >= 2
    petra.locator(".bell").click()
    expect(petra.get_by_role("heading", name="Notices")).to_be_visible()
    petra.keyboard.press("j")
    petra.keyboard.press("m")
    expect(petra.locator("li.told").first).not_to_have_class(re.compile("unread"))
    expect(petra.locator(".bell .count")).to_have_text(str(before - 1))
    petra.keyboard.press("j")
    petra.keyboard.press("Enter")
    expect(petra).to_have_url(re.compile(r"/admin/reviews/\d+/"))
    until(lambda: listed_unread(petra, team) == before - 2)


@pytest.mark.parametrize("petra", [DESK], indirect=True, ids=["desk"])
def test_what_is_chosen_stays_chosen(petra: Page) -> None:
    petra.locator("summary", has_text="petra").click()
    petra.locator("#header").get_by_role("link", name="What you are told").click()
    box = petra.get_by_label("Commented: e-mail")
    expect(box).not_to_be_checked()
    box.check()
    petra.get_by_role("button", name="Remember").click()
    expect(petra.get_by_text("Remembered.")).to_be_visible()
    expect(petra.get_by_label("Commented: e-mail")).to_be_checked()
    petra.get_by_label("Commented: e-mail").uncheck()
    petra.get_by_role("button", name="Remember").click()
    expect(petra.get_by_label("Commented: e-mail")).not_to_be_checked()
