"""The pages of a run in a real browser: read, changed, drawn, looked into; nothing that was logged runs there."""

import json
import time
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, PHONE, too_wide
from tests.live import LiveServer

pytestmark = pytest.mark.once

CANARY = "<script>window.fired=1</script><img src=x onerror=window.fired=1>"
STEPS = 60
PAGE_OF_SCRIPTS = f"""<h1>Plot</h1>{CANARY}<script>
document.querySelector("h1").textContent = "Drawn";
try {{ parent.fired = document.cookie || 1 }} catch (refused) {{}}
</script>"""
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": [f"# Look {CANARY}"]},
        {"cell_type": "code", "source": "1+1", "outputs": [{"data": {"text/html": CANARY, "text/plain": "two"}}]},
    ]
}


@pytest.fixture(scope="module")
def runs(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A run that goes on, whose every text is a script, and one beside it that has finished."""
    folder: Path = tmp_path_factory.mktemp("files")
    (folder / "deep").mkdir()
    (folder / "deep" / "plot.html").write_text(PAGE_OF_SCRIPTS)
    (folder / "deep" / "plot.svg").write_text(f"<svg xmlns='http://www.w3.org/2000/svg'>{CANARY[:31]}</svg>")
    (folder / "notes.md").write_text(f"# Notes\n\n**bold** {CANARY}")
    (folder / "table.csv").write_text(f"name,{CANARY}\nada,1\n")
    (folder / "look.ipynb").write_text(json.dumps(NOTEBOOK))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        environment.setenv("MLFLOW_TRACKING_URI", server.address)
        client = mlflow.MlflowClient(server.address)
        experiment = client.create_experiment(f"charts {time.time()}")
        made = [client.create_run(experiment, run_name=name) for name in (f"live {CANARY}", "beside")]
        now = int(time.time() * 1000)
        for run in made:
            client.log_batch(
                run.info.run_id,
                metrics=[
                    Metric(key, step / (step + 3), now + step * 1000, step)
                    for key in ("train/loss", "val/loss", "system/cpu")
                    for step in range(STEPS)
                ],
                params=[Param(f"p{number}", CANARY) for number in range(12)],
                tags=[RunTag("stage", CANARY), RunTag("mlflow.note.content", f"# About\n{CANARY}")],
            )
        client.log_artifacts(made[0].info.run_id, str(folder))
        client.set_terminated(made[1].info.run_id)
    return made[0].info.run_id, made[1].info.run_id


@pytest.mark.parametrize(
    "page",
    [{"viewport": DESK}, {"viewport": PHONE}, {"viewport": DESK, "color_scheme": "dark"}],
    indirect=True,
    ids=["desk", "phone", "dark"],
)
def test_every_tab_opens_fits_and_runs_nothing_of_what_was_logged(
    page: Page, server: LiveServer, runs: tuple[str, str]
) -> None:
    base = f"/admin/runs/{runs[0]}/"
    files = ("deep/plot.svg", "notes.md", "table.csv", "look.ipynb", "deep")
    for path in (base, f"{base}charts/", f"{base}system/", *(f"{base}artifacts/?path={name}" for name in files)):
        page.goto(server.url(path), wait_until="networkidle")
        assert page.evaluate("window.fired") is None
        assert not too_wide(page)


def test_tags_name_and_description_are_changed_in_place(page: Page, server: LiveServer, runs: tuple[str, str]) -> None:
    page.goto(server.url(f"/admin/runs/{runs[1]}/"))
    page.get_by_label("Key of a new tag").fill("owner")
    page.get_by_label("Value of the new tag").fill("ada")
    page.get_by_label("Value of the new tag").press("Enter")
    page.get_by_label("Change the tag owner").click()
    page.get_by_label("Value of owner", exact=True).fill("grace")
    page.locator("details[open]").get_by_role("button", name="Save").click()
    expect(page.locator("#tags")).to_contain_text("grace")
    page.get_by_label("Change the tag owner").click()
    page.locator("details[open]").get_by_role("button", name="Remove").click()
    expect(page.locator("#tags")).not_to_contain_text("grace")
    page.locator(".description details.edit > summary").click()
    page.get_by_label("Description, in Markdown").fill("# Better\n\nthan **before**")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".prose strong")).to_have_text("before")
    page.locator("summary", has_text="Rename").click()
    page.get_by_label("New name").fill("beside, renamed")
    page.get_by_label("New name").press("Enter")
    expect(page.get_by_role("heading", name="beside, renamed")).to_be_visible()
    page.get_by_label("Find a param").fill("p11")
    expect(page.locator("#params tbody tr:visible")).to_have_count(1)


def test_charts_are_drawn_set_zoomed_and_compared(page: Page, server: LiveServer, runs: tuple[str, str]) -> None:
    page.goto(server.url(f"/admin/runs/{runs[0]}/charts/"))
    expect(page.locator(".chart canvas")).to_have_count(2)
    page.get_by_label("Filter metrics by name or regular expression").fill("^val")
    expect(page.locator(".chart-card")).to_have_count(1)
    page.get_by_label("X axis").select_option("relative")
    page.get_by_label("Log scale").check()
    page.get_by_label("Smoothing").fill("0.6")
    for setting in ("x=relative", "log=1", "smooth=0.6", "filter=%5Eval"):
        assert setting in page.url
    page.reload()
    expect(page.get_by_label("Log scale")).to_be_checked()
    expect(page.locator(".chart canvas")).to_have_count(1)
    box = page.locator(".chart").bounding_box()
    assert box
    with page.expect_response(lambda answer: "/points/" in answer.url):
        page.mouse.move(box["x"] + 100, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 200, box["y"] + 120, steps=4)
        page.mouse.up()
        expect(page.get_by_role("button", name="Show the whole again")).to_be_visible()
        page.get_by_role("button", name="Show the whole again").click()
    page.locator("summary", has_text="Add runs").click()
    page.get_by_label("Find runs of this experiment").fill("beside")
    page.locator("[data-add-run]").first.click()
    page.wait_for_url(f"**run={runs[1]}**")
    expect(page.locator("[data-chip]")).to_have_count(2)
    page.get_by_role("button", name="Keep at the top").first.click()
    expect(page.locator("details.group summary").first).to_contain_text("pinned")


def test_a_chart_of_a_run_that_goes_on_grows(
    page: Page, server: LiveServer, runs: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page.goto(server.url(f"/admin/runs/{runs[0]}/charts/?filter=train"))
    expect(page.locator(".said")).to_contain_text("Last 0.95")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    mlflow.MlflowClient(server.address).log_metric(runs[0], "train/loss", 7.25, step=STEPS)
    expect(page.locator(".said")).to_contain_text("Last 7.25", timeout=15_000)


def test_files_are_found_shown_and_kept_by_clicks(
    page: Page, server: LiveServer, runs: tuple[str, str], complaints: list[str]
) -> None:
    page.goto(server.url(f"/admin/runs/{runs[0]}/artifacts/"))
    page.locator(".tree summary", has_text="deep").click()
    page.locator(".tree a", has_text="plot.html").click()
    expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Drawn")
    assert page.evaluate("window.fired") is None
    assert "path=deep" in page.url
    page.locator(".tree a", has_text="notes.md").click()
    expect(page.locator(".prose strong")).to_have_text("bold")
    page.go_back()
    expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Drawn")
    page.go_forward()
    expect(page.locator(".prose strong")).to_have_text("bold")
    page.reload()
    expect(page.locator(".prose strong")).to_have_text("bold")
    page.locator(".tree a", has_text="All files").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as ZIP").click()
    assert download.value.suggested_filename == "artifacts.zip"
    # The image in the uploaded page's own sandbox is refused, as it should be, and says so.
    complaints[:] = [said for said in complaints if "sandbox" not in said and "/file/x" not in said]
