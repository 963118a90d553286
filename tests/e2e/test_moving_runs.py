"""A run is moved in the browser, and the genuine client, which knows nothing of it, goes on with the run's files."""

from pathlib import Path

import mlflow
import pytest
from mlflow.artifacts import download_artifacts
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import DESK, PHONE
from tests.live import LiveServer

pytestmark = pytest.mark.once


@pytest.fixture
def client(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> mlflow.MlflowClient:
    for name, value in server.client_environment.items():
        monkeypatch.setenv(name, value)
    return mlflow.MlflowClient(server.address)


@pytest.fixture
def places(client: mlflow.MlflowClient, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Two experiments, from the first of which is moved."""
    name = str(abs(hash(request.node.name)))
    return str(client.create_experiment(f"from {name}")), str(client.create_experiment(f"<b>to</b> {name}"))


def begun(client: mlflow.MlflowClient, experiment: str, name: str, parent: str = "") -> str:
    tags = {"mlflow.parentRunId": parent} if parent else {}
    run = client.create_run(experiment, run_name=name, tags=tags)
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def row(page: Page, name: str) -> Locator:
    return page.locator("table.runs tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))


def offered(page: Page) -> tuple[Locator, Locator]:
    """The menu of the bar, opened, and its list."""
    menu = page.locator(".selection-bar details.menu").filter(has_text="Move to…")
    menu.locator("summary").click()
    choice = menu.get_by_label("Move to the experiment")
    expect(choice.locator("option").first).to_be_attached()
    return menu, choice


@pytest.mark.parametrize(
    "page", [{"viewport": DESK}, {"viewport": PHONE}, {"viewport": DESK, "color_scheme": "dark"}], indirect=True
)
def test_what_was_moved_is_there_and_the_genuine_client_goes_on_with_it(
    page: Page, server: LiveServer, client: mlflow.MlflowClient, places: tuple[str, str], tmp_path: Path
) -> None:
    old, new = places
    name = client.get_experiment(new).name
    parent, stays = begun(client, old, "goes"), begun(client, old, "stays")
    child = begun(client, old, "child", parent)
    for run in (parent, child):
        client.log_text(run, f"of {run}", "notes/a.txt")
    model = client.create_logged_model(old, "tree", source_run_id=parent)
    uri = client.get_run(parent).info.artifact_uri

    page.goto(server.url(f"/admin/experiments/{old}/"))
    row(page, "goes").get_by_role("checkbox").check()
    menu, choice = offered(page)
    menu.get_by_label("Find an experiment").press_sequentially(name[-8:])
    expect(choice.locator("option")).to_have_count(1)
    choice.select_option(label=name)
    menu.get_by_role("button", name="Move the runs").click()
    expect(page.get_by_text("2 runs moved.")).to_be_visible()
    expect(row(page, "goes")).to_have_count(0)
    expect(row(page, "stays")).to_have_count(1)
    page.goto(server.url(f"/admin/experiments/{new}/"))
    expect(row(page, "goes")).to_have_count(1)
    row(page, "goes").locator("a.fold").click()
    expect(row(page, "child")).to_be_visible()

    assert {client.get_run(run).info.experiment_id for run in (parent, child)} == {new}
    assert client.get_run(stays).info.experiment_id == client.get_experiment(old).experiment_id
    assert client.get_logged_model(model.model_id).experiment_id == new
    assert client.get_run(parent).info.artifact_uri == uri
    for run in (parent, child):
        fetched = download_artifacts(
            run_id=run, artifact_path="notes", dst_path=str(tmp_path / run), tracking_uri=server.address
        )
        assert (Path(fetched) / "a.txt").read_text() == f"of {run}"
        client.log_text(run, "later", "notes/b.txt")
        assert [file.path for file in client.list_artifacts(run, "notes")] == ["notes/a.txt", "notes/b.txt"]
    client.delete_experiment(old)
    assert Path(client.download_artifacts(parent, "notes/b.txt", str(tmp_path))).read_text() == "later"
    client.create_registered_model(name.strip("<b>/to "))
    version = client.create_model_version(name.strip("<b>/to "), f"runs:/{parent}/notes", run_id=parent)
    assert version.status == "READY"
    assert client.get_run(parent).info.lifecycle_stage == "active"


def test_all_that_match_are_moved_by_a_job(
    page: Page, server: LiveServer, client: mlflow.MlflowClient, places: tuple[str, str]
) -> None:
    old, new = places
    for number in range(55):
        begun(client, old, f"many-{number}")
    page.goto(server.url(f"/admin/experiments/{old}/"))
    page.get_by_label("Select all runs on this page").check()
    page.get_by_label("Choose all runs of the experiment").check()
    menu, choice = offered(page)
    choice.select_option(new)
    menu.get_by_role("button", name="Move the runs").click()
    page.get_by_role("button", name="Move 55 runs").click()
    expect(page.get_by_role("heading", name="Tracking: move runs")).to_be_visible()
    expect(page.locator("#job")).to_contain_text("succeeded", timeout=30_000)
    expect(page.locator("#job")).to_contain_text("55 of 55")
    assert len(client.search_runs([new])) == 55


def test_enter_in_the_search_moves_nothing(
    page: Page, server: LiveServer, client: mlflow.MlflowClient, places: tuple[str, str]
) -> None:
    old, _ = places
    begun(client, old, "kept")
    page.goto(server.url(f"/admin/experiments/{old}/"))
    row(page, "kept").get_by_role("checkbox").check()
    menu, _ = offered(page)
    menu.get_by_label("Find an experiment").press("Enter")
    expect(page.get_by_text("Choose the experiment to move the runs to.")).to_be_visible()
    expect(row(page, "kept")).to_have_count(1)
