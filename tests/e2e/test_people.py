"""People, tokens, access, the record, jobs and home, by click and key in a real browser."""

import re

import mlflow
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, PHONE, too_wide
from tests.live import LiveServer
from tests.serve.processes import until

pytestmark = pytest.mark.once

CANARY = "<script>window.fired = 1</script>"
PATHS = (
    "/admin/",
    "/admin/people/",
    "/admin/people/teams/",
    "/admin/people/1/",
    "/admin/account/",
    "/admin/access/experiment/0/",
    "/admin/audit/",
    "/admin/audit/1/",
    "/admin/jobs/",
)


@pytest.fixture(scope="module")
def named(server: LiveServer) -> str:
    """A team whose name is a script, with a person in it; and a run of a very long name."""
    session = server.session()
    person = {"username": "walker", "password": "a long enough phrase"}
    assert session.post(server.url("/api/v1/people"), json=person).status_code in (201, 400)
    made = session.post(server.url("/api/v1/teams"), json={"name": CANARY, "description": CANARY})
    assert made.status_code == 201
    added = session.put(server.url(f"/api/v1/teams/{made.json()['id']}/members/walker"))
    assert added.status_code == 204
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        client = mlflow.MlflowClient(server.address)
        run = client.create_run("0", run_name=f"{CANARY}\u202e\U0001f984" + "x" * 5000)
        client.set_terminated(run.info.run_id, "FAILED")
    return CANARY


@pytest.mark.parametrize(
    "page",
    [{"viewport": DESK}, {"viewport": PHONE}, {"viewport": PHONE, "color_scheme": "dark"}],
    indirect=True,
    ids=["desk", "phone", "dark phone"],
)
def test_every_page_opens_without_a_complaint_and_fits(page: Page, server: LiveServer, named: str) -> None:
    for path in PATHS:
        page.goto(server.url(path), wait_until="networkidle")
        assert not too_wide(page), path


def test_a_token_made_under_my_account_signs_a_client_in_until_it_is_revoked(
    page: Page, server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.locator("summary", has_text=server.username).click()
    page.locator("#header").get_by_role("link", name="My account").click()
    page.get_by_label("What will use it").fill("walked notebook")
    page.get_by_label("It ends").select_option(label="in 30 days")
    page.get_by_role("button", name="Make a token").click()
    lines = page.locator(".copyable pre").last.inner_text()
    found = re.search(r"MLFLOW_TRACKING_TOKEN=(mlr_\S+)", lines)
    assert found
    assert f"MLFLOW_TRACKING_URI={server.address}" in lines
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", found[1])
    assert mlflow.MlflowClient(server.address).get_experiment("0").name == "Default"
    page.get_by_role("link", name="I have copied it").click()
    assert found[1] not in page.content()
    page.get_by_role("button", name="Revoke walked notebook").first.click()
    expect(page.get_by_text("walked notebook is revoked")).to_be_visible()
    with pytest.raises(mlflow.exceptions.MlflowException):
        mlflow.MlflowClient(server.address).get_experiment("0")


def test_members_join_a_team_and_leave_it(page: Page, server: LiveServer, named: str) -> None:
    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_role("link", name="Teams", exact=True).click()
    page.get_by_role("link", name=named).click()
    page.get_by_label("Username").fill(server.username)
    page.keyboard.press("Enter")
    remove = page.get_by_role("button", name=f"Remove {server.username}")
    expect(remove).to_be_visible()
    remove.click()
    expect(remove).to_have_count(0)
    page.get_by_role("link", name="walker").click()
    expect(page.get_by_role("heading", name="walker")).to_be_visible()


def test_access_is_given_explained_and_taken_back(page: Page, server: LiveServer, named: str) -> None:
    page.goto(server.url("/admin/access/experiment/0/"))
    page.get_by_label("Give", exact=True).fill(named)
    page.get_by_label("which is a team").check()
    page.get_by_label("the level").select_option("MANAGE")
    page.get_by_role("button", name="Give", exact=True).click()
    page.get_by_role("searchbox").fill("walker")
    page.keyboard.press("Enter")
    row = page.get_by_role("row", name="walker")
    expect(row).to_contain_text(f"team {named}: MANAGE")
    page.get_by_role("button", name=f"Take back what {named} was granted").click()
    expect(page.get_by_role("row", name="walker")).to_contain_text("default READ")


def test_the_record_is_read_narrowed_verified_and_exported(page: Page, server: LiveServer, named: str) -> None:
    page.get_by_role("link", name="Audit", exact=True).click()
    page.get_by_label("Action").select_option("accounts.team.add_member")
    page.get_by_label("Name or id, in full").fill(named)
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".entries li").last).to_contain_text(f"put walker into team {named}")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "put walker into team" in download.value.path().read_text()
    page.locator(".entry-number").first.click()
    expect(page.get_by_text("has this hash")).to_be_visible()
    page.get_by_role("link", name="Audit", exact=True).last.click()
    page.get_by_role("button", name="Verify the record").click()
    expect(page.get_by_role("cell", name="unbroken")).to_be_visible(timeout=30_000)
    page.reload()
    expect(page.get_by_role("cell", name="unbroken")).to_be_visible()


def test_jobs_of_the_server_are_listed_and_opened(page: Page, server: LiveServer) -> None:
    page.goto(server.url("/admin/jobs/"))
    newest = page.get_by_role("link", name=re.compile(r"^\w+: ")).first  # which one, others of this server decide
    name = newest.inner_text()
    newest.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_home_shows_a_run_while_it_goes_on_and_what_is_hidden_stays_hidden(
    page: Page, server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    client = mlflow.MlflowClient(server.address)
    run = client.create_run("0", run_name="walked run")
    page.goto(server.url("/admin/"))
    panel = page.locator("#recent-runs")
    expect(panel.get_by_role("row", name="walked run")).to_contain_text("running")
    client.log_metric(run.info.run_id, "auc", 0.875)
    client.set_terminated(run.info.run_id)
    expect(panel.get_by_role("row", name="walked run")).to_contain_text("finished", timeout=20_000)
    page.goto(server.url("/admin/account/"))
    page.get_by_label("Recent runs").uncheck()
    page.get_by_role("button", name="Remember").click()
    page.goto(server.url("/admin/"))
    expect(page.locator("#recent-runs")).to_have_count(0)
    page.goto(server.url("/admin/account/"))
    page.get_by_label("Recent runs").check()
    page.get_by_role("button", name="Remember").click()
    until(lambda: "recent-runs" in page.goto(server.url("/admin/")).text())  # type: ignore[union-attr]


@pytest.mark.parametrize("page", [{"viewport": PHONE}], indirect=True)
def test_what_the_record_is_exported_as_can_be_chosen_on_a_phone(page: Page, server: LiveServer) -> None:
    page.goto(server.url("/admin/audit/"))
    page.locator("summary", has_text="Export").click()
    box = page.get_by_role("link", name="Signed, to verify elsewhere").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
