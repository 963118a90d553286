"""Runs side by side in a real browser: by click and by key, and without a complaint of the browser's."""

from typing import NamedTuple

import mlflow
import pytest
from mlflow.entities import Metric, Param
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, PHONE, too_wide
from tests.live import LiveServer

pytestmark = pytest.mark.once

CANARY = "<script>window.fired = 1</script><img src=x onerror='window.fired = 1'> \u202e"
RATES = (0.0001, 0.001, 0.01, 0.1)
TABS = ("Table", "Curves", "Parallel coordinates", "Scatter", "Box", "Contour", "Artifacts")


class Sweep(NamedTuple):
    experiment: str
    runs: list[str]

    @property
    def address(self) -> str:
        return "/admin/compare/?" + "&".join(f"run={run}" for run in self.runs)


@pytest.fixture(scope="module")
def sweep(server: LiveServer) -> Sweep:
    """Four runs of one experiment with curves and files, the last of them with a script in each of its texts."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        client = mlflow.MlflowClient(server.address)
        experiment = client.create_experiment("sweep")
        return Sweep(experiment, [_run(client, experiment, number, rate) for number, rate in enumerate(RATES)])


@pytest.fixture(scope="module")
def large(server: LiveServer) -> Sweep:
    """More runs and metrics than fit on a screen."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        client = mlflow.MlflowClient(server.address)
        experiment = client.create_experiment("large")
        runs = []
        for number in range(50):
            runs.append(client.create_run(experiment, run_name=f"large {number}").info.run_id)
            client.log_batch(runs[-1], metrics=[Metric(f"m{key:03}", number + key, 1, 0) for key in range(90)])
        return Sweep(experiment, runs)


def _run(client: mlflow.MlflowClient, experiment: str, number: int, rate: float) -> str:
    hostile = number == len(RATES) - 1
    name = f"{CANARY} {'x' * 500}" if hostile else f"trial {number}"
    run = client.create_run(experiment, run_name=name, tags={"note": CANARY if hostile else "plain"}).info.run_id
    metrics = [
        Metric("accuracy", 0.5 + number / 10 + step / 1000, 1_700_000_000_000 + step, step) for step in range(50)
    ]
    params = [Param("rate", str(rate)), Param("depth", str(number + 2)), Param("kind", CANARY if hostile else "tree")]
    client.log_batch(run, metrics=metrics, params=params)
    client.log_metric(run, "loss", 1 - number / 10)
    client.log_text(run, f"rate: {rate}\nseed: 7\n", "config.yaml")
    client.log_text(run, CANARY, "page.html")
    client.log_image(run, Image.new("RGB", (24, 24), (40 * number, 80, 160)), "plots/confusion.png")
    client.set_terminated(run)
    return run


def _open(page: Page, server: LiveServer, sweep: Sweep, more: str = "") -> None:
    page.goto(server.url(sweep.address + more))
    expect(page.locator(".comparison")).not_to_have_attribute("aria-busy", "true")


def _row(page: Page, key: str) -> object:
    return page.locator("table.grid tbody tr").filter(has=page.get_by_role("button", name=key, exact=True))


@pytest.mark.parametrize(
    "page",
    [{"viewport": DESK}, {"viewport": PHONE}, {"viewport": DESK, "color_scheme": "dark"}],
    indirect=True,
    ids=["desk", "phone", "dark"],
)
def test_every_tab_draws_without_a_complaint(page: Page, server: LiveServer, sweep: Sweep) -> None:
    _open(page, server, sweep)
    for tab in TABS:
        page.get_by_role("button", name=tab, exact=True).click()
        expect(page.get_by_role("button", name=tab, exact=True)).to_have_attribute("aria-current", "page")
        page.wait_for_load_state("networkidle")
        part = page.locator(f'.comparison > section[aria-label="{tab}"]')
        expect(part).to_be_visible()
        if tab not in ("Table", "Artifacts"):
            expect(part.locator("canvas").first).to_be_visible()
        assert not too_wide(page)
    expect(page.locator("#trouble")).to_be_hidden()


def test_the_best_is_marked_and_the_direction_is_the_readers_to_choose(
    page: Page, server: LiveServer, sweep: Sweep
) -> None:
    _open(page, server, sweep)
    expect(_row(page, "accuracy").locator(".best")).to_contain_text("0.849")
    expect(_row(page, "loss").locator(".best")).to_contain_text("0.7")
    page.get_by_role("button", name="loss: Lower is better").click()
    expect(_row(page, "loss").locator(".best")).to_contain_text("1")
    page.reload()
    expect(page.get_by_role("button", name="loss: Higher is better")).to_be_visible()


def test_a_baseline_a_search_and_only_differences_are_kept_in_the_address(
    page: Page, server: LiveServer, sweep: Sweep
) -> None:
    _open(page, server, sweep)
    page.get_by_role("combobox", name="Baseline").select_option(label="trial 0")
    page.get_by_role("combobox", name="Change").select_option("both")
    expect(_row(page, "accuracy").locator(".delta").first).to_have_text("+0.1, +18.2 %")
    page.get_by_label("Only differences").check()
    expect(page.get_by_role("button", name="Experiment", exact=True)).to_have_count(0)
    page.get_by_label("Search rows").fill("rat")
    expect(_row(page, "rate")).to_be_visible()
    expect(_row(page, "accuracy")).to_have_count(0)
    page.reload()
    expect(page.get_by_label("Search rows")).to_have_value("rat")
    expect(page.get_by_label("Only differences")).to_be_checked()
    assert f"base={sweep.runs[0]}" in page.url


def test_runs_stand_as_rows_on_demand_and_are_sorted_by_what_is_pressed(
    page: Page, server: LiveServer, sweep: Sweep
) -> None:
    _open(page, server, sweep)
    page.get_by_role("combobox", name="Runs as").select_option("rows")
    first = page.locator("table.grid tbody tr").first
    expect(first.locator("th")).to_contain_text("trial 0")
    page.get_by_role("button", name="accuracy", exact=True).press("Enter")
    expect(first.locator("th")).to_contain_text("window.fired")
    page.get_by_role("button", name="accuracy", exact=True).press("Enter")
    expect(first.locator("th")).to_contain_text("trial 0")


def test_a_run_is_removed_and_added_again_by_its_name(page: Page, server: LiveServer, sweep: Sweep) -> None:
    _open(page, server, sweep)
    page.get_by_role("button", name="Box", exact=True).click()
    page.get_by_role("button", name="Remove trial 1").click()
    expect(page.get_by_role("heading", name="Compare 3 runs")).to_be_visible()
    assert "tab=box" in page.url
    page.get_by_label("Add a run by name or id").press_sequentially("trial")
    page.locator("#candidates").get_by_role("button", name="trial 1").click()
    expect(page.get_by_role("heading", name="Compare 4 runs")).to_be_visible()


def test_curves_are_chosen_by_keys_alone(page: Page, server: LiveServer, sweep: Sweep) -> None:
    _open(page, server, sweep, "&tab=curves")
    charts = page.locator("#curve-charts section")
    expect(charts).to_have_count(1)
    page.locator("summary", has_text="Metrics").focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="loss").press("Space")
    expect(charts).to_have_count(2)
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="By", exact=True).select_option("relative")
    page.get_by_label("Smoothing").press("End")
    page.wait_for_url("**smooth=0.99**")
    page.get_by_label("Log scale").check()
    assert all(part in page.url for part in ("curve=loss", "by=relative", "smooth=0.99", "ylog=1"))
    expect(charts.locator("canvas").first).to_be_visible()


def test_files_of_the_runs_stand_beside_each_other(page: Page, server: LiveServer, sweep: Sweep) -> None:
    _open(page, server, sweep, "&tab=artifacts")
    page.locator(".files").get_by_role("button", name="config.yaml").click()
    sides = page.locator(".sides figure")
    expect(sides).to_have_count(4)
    expect(sides.first.locator("pre")).to_contain_text("rate: 0.0001")
    expect(sides.nth(1).locator("span.differs")).to_have_text("rate: 0.001")
    page.locator(".files").get_by_role("button", name="page.html").click()
    expect(sides.first.locator("pre")).to_contain_text("window.fired")
    page.locator(".files").get_by_role("button", name="plots/").click()
    page.locator(".files").get_by_role("button", name="confusion.png").click()
    expect(sides.locator("img")).to_have_count(4)
    for image in sides.locator("img").all():
        expect(image).to_have_js_property("naturalWidth", 24)
    page.get_by_role("button", name="All files").click()
    expect(page.locator(".files").get_by_role("button", name="config.yaml")).to_be_visible()


def test_runs_selected_along_an_axis_are_told_and_can_be_kept(page: Page, server: LiveServer, sweep: Sweep) -> None:
    _open(page, server, sweep, "&tab=parallel&axis=param:depth&axis=metric:accuracy")
    chart = page.locator('[data-part="parallel"] .chart')
    expect(chart.locator("canvas")).to_be_visible()
    box = chart.bounding_box()
    assert box
    x = box["x"] + 56
    page.mouse.move(x, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    expect(page.locator("#brushed")).to_contain_text("2 of 4 runs selected")
    page.get_by_role("link", name="Compare only these").click()
    expect(page.get_by_role("heading", name="Compare 2 runs")).to_be_visible()


def test_the_comparison_is_downloaded_as_a_file(page: Page, server: LiveServer, sweep: Sweep) -> None:
    _open(page, server, sweep)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "comparison.csv"


def test_of_a_large_table_the_page_has_what_can_be_seen(page: Page, server: LiveServer, large: Sweep) -> None:
    _open(page, server, large)
    sheet = page.locator(".sheet")
    lines = page.locator(".sheet tbody tr:not(.spacer)")
    expect(lines.first.locator("th")).to_contain_text("large 0")
    assert page.locator(".sheet td").count() < 2000
    sheet.evaluate("(sheet) => sheet.scrollTo(1e6, 1e6)")
    expect(lines.last.locator("th")).to_contain_text(f"large {len(large.runs) - 1}")
    expect(lines.last.locator("td").last).to_have_text(large.runs[-1])
    sheet.evaluate("(sheet) => sheet.scrollTo(0, 0)")
    expect(lines.first.locator("td").first).to_have_text("0")
