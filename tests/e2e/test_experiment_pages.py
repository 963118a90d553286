"""Experiments and their runs in a real browser, by clicks and keys; nothing that somebody wrote runs there."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import mlflow
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, PHONE, too_wide, unusable
from tests.live import LiveServer

pytestmark = pytest.mark.once

CANARY = "<script>window.fired = 1</script><img src=x onerror='window.fired = 1'> \u202e gnirts 🎉"
NAME = f"walk {CANARY}"
LARGE = 5_200
"""Runs: more than are sent at once."""


@pytest.fixture(scope="module")
def client(server: LiveServer) -> Iterator[mlflow.MlflowClient]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        yield mlflow.MlflowClient(server.address)


@pytest.fixture(scope="module")
def experiment(client: mlflow.MlflowClient) -> str:
    """Twelve runs of two kinds, one of them with three nested ones, one still running; the experiment's id."""
    experiment = client.create_experiment(NAME, tags={"mlflow.note.content": CANARY})
    for number in range(12):
        run = client.create_run(experiment, run_name=f"run-{number}" if number else CANARY, start_time=number + 1)
        client.log_param(run.info.run_id, "model", "tree" if number % 2 else "forest")
        client.log_metric(run.info.run_id, "loss", number / 10)
        client.log_metric(run.info.run_id, "odd key/1", number)
        client.set_tag(run.info.run_id, "team", CANARY)
        if number == 11:
            for nested in range(3):
                tags = {"mlflow.parentRunId": run.info.run_id}
                child = client.create_run(experiment, run_name=f"child-{nested}", start_time=20 + nested, tags=tags)
                client.set_terminated(child.info.run_id)
        if number != 10:
            client.set_terminated(run.info.run_id)
    return str(experiment)


def row(page: Page, name: str):  # noqa: ANN201  a locator
    return page.locator("table.runs tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))


@pytest.mark.parametrize(
    "page",
    [{"viewport": DESK}, {"viewport": PHONE}, {"viewport": DESK, "color_scheme": "dark"}],
    indirect=True,
    ids=["desk", "phone", "dark"],
)
def test_no_page_complains_or_is_wider_than_the_screen(page: Page, server: LiveServer, experiment: str) -> None:
    own = f"/admin/experiments/{experiment}/"
    for path in (
        *("/admin/experiments/", "/admin/experiments/?view=deleted", "/admin/experiments/new/"),
        *(own, f"{own}edit/", f"{own}columns/", f"{own}?flat=1", f"{own}?view=deleted"),
        *(f"{own}?group=params.model", f"{own}?filter=metrics.los%20~%201"),
    ):
        page.goto(server.url(path), wait_until="networkidle")
        assert not too_wide(page), path


@pytest.mark.parametrize("page", [{"viewport": DESK}, {"viewport": PHONE}], indirect=True, ids=["desk", "phone"])
def test_a_copy_button_covers_nothing_of_what_it_copies(
    page: Page, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    with server.session() as session:
        asked = {"name": f"to copy from: {request.node.name}"}
        made = session.post(server.url("api/2.0/mlflow/experiments/create"), json=asked).json()
    page.goto(server.url(f"/admin/experiments/{made['experiment_id']}/"))
    lines, button = page.locator(".copyable pre").first.bounding_box(), page.locator(".copy").first.bounding_box()
    assert lines
    assert button
    assert button["x"] >= lines["x"] + lines["width"] or button["y"] >= lines["y"] + lines["height"]


def test_an_experiment_is_made_renamed_deleted_and_restored(page: Page, server: LiveServer) -> None:
    page.goto(server.url("/admin/experiments/"))
    page.get_by_role("link", name="New experiment").click()
    page.get_by_label("Name").fill("made by hand")
    page.get_by_label("Description").fill("What it is for")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="made by hand")).to_be_visible()
    expect(page.get_by_text("mlflow.set_experiment('made by hand')")).to_be_visible()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Name").fill("renamed by hand")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="renamed by hand")).to_be_visible()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_role("button", name="Delete the experiment").click()
    expect(page.get_by_role("link", name="renamed by hand")).to_have_count(0)
    page.get_by_role("link", name="Deleted").click()
    page.get_by_role("button", name="Restore renamed by hand").click()
    expect(page.get_by_text("The experiment is back")).to_be_visible()
    page.goto(server.url("/admin/experiments/"))
    page.get_by_label("Name of an experiment").fill("NAMED BY")
    page.keyboard.press("Enter")
    expect(page.locator("table.experiments tbody tr")).to_have_count(1)


def test_a_filter_is_completed_by_keys_and_its_error_shown_in_place(
    page: Page, server: LiveServer, experiment: str
) -> None:
    page.goto(server.url(f"/admin/experiments/{experiment}/"))
    box = page.get_by_label("Filter runs")
    box.press_sequentially("los")
    expect(page.get_by_role("option", name="metrics.loss")).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("metrics.loss ")
    expect(page.get_by_role("option", name="<", exact=True).or_(page.get_by_role("option").first)).to_be_visible()
    box.press("ArrowDown")
    box.press("Tab")
    expect(box).to_have_value("metrics.loss < ")
    box.press_sequentially("0.35 ")
    expect(page.get_by_role("option", name="AND")).to_be_visible()
    box.press("Escape")
    box.press("Enter")
    expect(page.locator("table.runs tbody tr")).to_have_count(4)
    box.fill("metrics.loss < 0.3 AND parms.model = 'tree'")
    box.press("Enter")
    expect(page.locator("#filter-error mark")).to_have_text("parms.model")
    expect(page.locator("#filter-error")).to_contain_text("did you mean 'params'?")
    assert page.evaluate("getSelection().toString()") == "parms.model"
    box.fill("odd")
    expect(page.get_by_role("option", name="metrics.`odd key/1`")).to_be_visible()


def test_headers_sort_and_columns_are_chosen_and_kept(page: Page, server: LiveServer, experiment: str) -> None:
    page.goto(server.url(f"/admin/experiments/{experiment}/"))
    page.get_by_role("link", name="loss", exact=True).click()
    expect(page.locator("table.runs tbody tr").first).to_contain_text("run-11")
    page.get_by_role("link", name="loss", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("loss")
    expect(page.locator("table.runs tbody tr").last).to_contain_text("run-11")
    page.locator("#columns-menu summary").click()
    page.get_by_label("Find a column").fill("team")
    page.get_by_role("checkbox", name="team").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="team")).to_be_visible()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("loss")
    page.goto(server.url(f"/admin/experiments/{experiment}/"))
    expect(page.get_by_role("columnheader", name="team")).to_be_visible()
    page.locator("#columns-menu summary").click()
    page.get_by_role("button", name="As by default").click()
    expect(page.get_by_role("columnheader", name="team")).to_have_count(0)


def test_runs_are_grouped_and_nested_runs_unfold(page: Page, server: LiveServer, experiment: str) -> None:
    page.goto(server.url(f"/admin/experiments/{experiment}/"))
    expect(row(page, "child-0")).to_have_count(0)
    page.get_by_role("link", name="Nested runs of run-11").click()
    expect(row(page, "child-0")).to_be_visible()
    expect(row(page, "child-2")).to_be_visible()
    page.get_by_role("link", name="Nested runs of run-11").click()
    expect(row(page, "child-0")).to_be_hidden()
    page.get_by_label("Group by").select_option("params.model")
    expect(page.locator("tr.group")).to_have_count(3)
    page.get_by_role("link", name="Runs with tree").click()
    expect(page.locator("tr.inside")).to_have_count(6)


def test_many_runs_are_chosen_tagged_deleted_and_restored(page: Page, server: LiveServer, experiment: str) -> None:
    page.goto(server.url(f"/admin/experiments/{experiment}/?sort=attributes.run_name"))
    bar = page.locator(".selection-bar")
    expect(bar).to_be_hidden()
    row(page, "run-1").get_by_role("checkbox").click()
    row(page, "run-2").get_by_role("checkbox").click(modifiers=["Shift"])
    expect(bar).to_contain_text("4 selected")
    bar.locator("summary", has_text="Tag").click()
    page.get_by_role("textbox", name="Key").fill("looked-at")
    page.get_by_role("textbox", name="Value").fill("yes")
    page.get_by_role("textbox", name="Value").press("Enter")
    expect(page.get_by_text("4 runs tagged.")).to_be_visible()
    page.get_by_label("Select all runs on this page").check()
    expect(bar).to_contain_text("12 selected")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
    row(page, "run-3").get_by_role("checkbox").check()
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("1 run deleted.")).to_be_visible()
    expect(row(page, "run-3")).to_have_count(0)
    page.get_by_role("link", name="Deleted", exact=True).click()
    row(page, "run-3").get_by_role("checkbox").check()
    bar.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("1 run restored.")).to_be_visible()


def test_all_runs_that_match_are_deleted_by_a_job_that_leads_back(
    page: Page, server: LiveServer, client: mlflow.MlflowClient
) -> None:
    experiment = client.create_experiment("more than a page")
    for number in range(60):
        run = client.create_run(experiment, run_name=f"many-{number}")
        client.log_metric(run.info.run_id, "loss", number)
        client.set_terminated(run.info.run_id)
    page.goto(server.url(f"/admin/experiments/{experiment}/?filter=metrics.loss+%3C+55"))
    bar, offer = page.locator(".selection-bar"), page.get_by_label("Choose all runs that match")
    row(page, "many-54").get_by_role("checkbox").check()
    expect(offer).to_be_hidden()
    page.get_by_label("Select all runs on this page").check()
    expect(bar).to_contain_text("50 selected")
    offer.focus()
    page.keyboard.press("Space")
    expect(bar).to_contain_text("All that match selected")
    expect(bar.get_by_role("button", name="Compare")).to_be_hidden()
    row(page, "many-54").get_by_role("checkbox").uncheck()
    expect(offer).to_be_hidden()
    page.get_by_label("Select all runs on this page").check()
    expect(bar).to_contain_text("50 selected")
    offer.check()
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete 55 runs?")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_label("Select all runs on this page").check()
    offer.check()
    bar.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete 55 runs").click()
    expect(page.get_by_role("heading", name="Tracking: delete runs")).to_be_visible()
    page.reload()
    expect(page.locator("#job")).to_contain_text("succeeded", timeout=30_000)
    expect(page.locator("#job")).to_contain_text("55 of 55")
    page.get_by_role("link", name="Back to where it was asked for").click()
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()
    page.goto(server.url(f"/admin/experiments/{experiment}/"))
    expect(page.locator("table.runs tbody tr")).to_have_count(5)


def test_a_view_is_saved_shared_and_deleted(page: Page, server: LiveServer, experiment: str) -> None:
    page.goto(server.url(f"/admin/experiments/{experiment}/?filter=metrics.loss+%3C+0.3&sort=-metrics.loss"))
    page.locator("#views-menu summary").click()
    page.get_by_label("Save what you see as").fill(f"best {CANARY}")
    page.get_by_role("button", name="Save view").click()
    shared = re.search(r"http://\S+/views/\d+/", page.locator(".messagelist").inner_text())
    assert shared
    page.goto(shared[0])
    expect(page.get_by_label("Filter runs")).to_have_value("metrics.loss < 0.3")
    expect(page.locator("table.runs tbody tr")).to_have_count(3)
    page.locator("#views-menu summary").click()
    page.get_by_role("button", name="Delete the view").click()
    expect(page.get_by_text("The view is gone.")).to_be_visible()


def test_all_that_match_and_what_is_chosen_are_downloaded(page: Page, server: LiveServer, experiment: str) -> None:
    page.goto(server.url(f"/admin/experiments/{experiment}/?filter=metrics.loss+%3C+0.3"))
    page.locator("#export-menu summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="All that match, as CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert len(lines) == 4
    row(page, "run-1").get_by_role("checkbox").check()
    page.locator(".selection-bar summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    assert Path(download.value.path()).read_text().count('"run_id"') == 1


def test_a_run_that_goes_on_is_written_anew_and_stays_chosen(
    page: Page, server: LiveServer, experiment: str, client: mlflow.MlflowClient
) -> None:
    run = client.create_run(experiment, run_name="live one")
    client.log_metric(run.info.run_id, "loss", 0.125)
    page.goto(server.url(f"/admin/experiments/{experiment}/"))
    live = row(page, "live one")
    live.get_by_role("checkbox").check()
    expect(live).to_contain_text("0.125")
    client.log_metric(run.info.run_id, "loss", 0.0625)
    expect(live).to_contain_text("0.0625", timeout=15_000)
    expect(live.get_by_role("checkbox")).to_be_checked()
    expect(page.locator(".selection-bar")).to_contain_text("1 selected")
    client.set_terminated(run.info.run_id)
    expect(live).to_contain_text("finished", timeout=15_000)


def test_a_metric_is_drawn_over_the_runs_of_the_page(page: Page, server: LiveServer, experiment: str) -> None:
    page.goto(server.url(f"/admin/experiments/{experiment}/"))
    page.get_by_text("Chart of this page").click()
    expect(page.locator(".runs-chart canvas")).to_be_visible()
    page.get_by_label("against").select_option("metrics.odd key/1")
    expect(page.locator(".runs-chart canvas")).to_be_visible()


@pytest.fixture(scope="module")
def large(client: mlflow.MlflowClient, server: LiveServer) -> str:
    """An experiment with more runs than are sent at once, put straight into the database; its id."""
    experiment = client.create_experiment("more than are sent at once")
    with closing(
        sqlite3.connect(Path(server.environment["MLREGISTRY_DATA"], "mlregistry.sqlite3"), timeout=20)
    ) as held:
        held.execute(
            "INSERT INTO tracking_run (uuid, experiment_id, name, user_id, created_by, status, start_time, end_time,"
            " lifecycle_stage, artifact_uri)"
            " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " SELECT lower(hex(randomblob(16))), ?, 'run ' || i, 'ada', 'admin', 'FINISHED', i, 2 * i, 'active', 'x'"
            " FROM n",
            [LARGE, int(experiment)],
        )
        held.commit()
    return str(experiment)


@pytest.mark.parametrize(
    "page",
    [{"viewport": DESK}, {"viewport": PHONE, "color_scheme": "dark"}],
    indirect=True,
    ids=["desk", "phone in the dark"],
)
def test_many_runs_are_written_in_the_background_and_downloaded_when_they_are(
    page: Page, server: LiveServer, large: str
) -> None:
    page.goto(server.url(f"/admin/experiments/{large}/?sort=-attributes.duration"))
    page.locator("#export-menu summary").click()
    page.get_by_role("button", name="All that match, as CSV").click()
    link = page.get_by_role("link", name=f"Download experiment-{large}-runs.csv")
    expect(link).to_be_visible(timeout=60_000)
    assert not too_wide(page)
    assert unusable(page) == []
    with page.expect_download() as download:
        link.click()
    names = [line.split(",")[1] for line in Path(download.value.path()).read_text().splitlines()]
    assert names == ["run_name", *(f"run {number}" for number in range(LARGE, 0, -1))]
    page.get_by_role("link", name="Back to where it was asked for").click()
    expect(page).to_have_url(re.compile(rf"/admin/experiments/{large}/\?sort=-attributes.duration$"))


def test_a_link_to_many_runs_asks_before_they_are_written(page: Page, server: LiveServer, large: str) -> None:
    page.goto(server.url(f"/admin/experiments/{large}/export/?format=json&filter=attributes.start_time+%3E+0"))
    expect(page.get_by_role("heading", name=f"Export {LARGE:,} runs?")).to_be_visible()
    assert unusable(page) == []
    page.get_by_role("button", name="Write the JSON").click()
    expect(page.get_by_role("link", name=f"Download experiment-{large}-runs.json")).to_be_visible(timeout=60_000)
