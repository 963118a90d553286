"""What tests with a browser share: the screens, signing in, and hearing what the browser complains of."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Dialog, Page, expect

from tests.live import LiveServer

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
PEOPLE = {"admin": "", "editor": "mira.okafor", "reader": "petra.novak", "outsider": "liam.frost"}
"""Of manage.py demo, on the server `team`; the administrator is the server's own."""
PASSWORD = "walks-every-page-4"
AXE = {"resultTypes": ["violations"], "preload": False}
"""Without `preload`: to look into style sheets, axe writes them into the page, which the page's policy refuses."""
SERIOUS = ("serious", "critical")
GIVEN_UP = ("net::ERR_ABORTED", "net::ERR_NETWORK_CHANGED")
"""Requests that the browser ended itself: the page was left, or its answer became a download; or an address of this
machine came or went, as it does when Docker makes a network."""


def sign_in(page: Page, server: LiveServer, password: str, username: str = "") -> None:
    page.goto(server.url("/"))
    page.get_by_label("Username").fill(username or server.username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def signed_in(page: Page, server: LiveServer, password: str, username: str = "") -> None:
    sign_in(page, server, password, username)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def enter(page: Page, team: LiveServer, person: str) -> None:
    """Sign one of the `PEOPLE` in."""
    signed_in(page, team, PASSWORD if PEOPLE[person] else team.password, PEOPLE[person])


def listen(page: Page, complaints: list[str]) -> None:
    """Note errors of scripts, refused styles and scripts, answers and requests that fail, boxes that pop up."""

    def note(fault: str) -> None:
        if not any(reason in fault for reason in GIVEN_UP):
            complaints.append(f"{page.url}: {fault}")

    def note_dialog(dialog: Dialog) -> None:
        note(dialog.message)
        dialog.dismiss()

    page.on("pageerror", lambda error: note(str(error)))
    page.on("console", lambda said: note(said.text) if said.type in ("error", "warning") else None)
    page.on("response", lambda answer: note(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("requestfailed", lambda failed: note(f"{failed.failure} {failed.url}"))
    page.on("dialog", note_dialog)


def unusable(page: Page) -> list[str]:
    """What keeps some people from using what the page shows."""
    found = Axe().run(page, options=AXE).response["violations"]
    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:200]}"
        for violation in found
        if violation["impact"] in SERIOUS
    ]


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return max(0, int(width))
