"""Models in a real browser: from a run to Production and back, by clicks and keys, without a complaint."""

import re
from pathlib import Path

import mlflow
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, PHONE, too_wide
from tests.live import LiveServer
from tests.serve.processes import until

pytestmark = pytest.mark.once

CANARY = "<script>window.fired = 1</script><img src=x onerror='window.fired = 1'>"
NAME = f"e2e {CANARY.replace('/', '|').replace(':', '|')} {'long' * 30}"


MLMODEL = """
flavors:
  sklearn: {sklearn_version: 1.6.0, pickled_model: model.json}
signature:
  inputs: '[{"name": "age", "type": "long"}]'
  outputs: '[{"type": "double"}]'
"""


@pytest.fixture(scope="module")
def run(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run with a metric, and a model that nobody has registered yet; its id."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        client = mlflow.MlflowClient(server.address)
        made = client.create_run(client.create_experiment("e2e models"), run_name="to register")
        client.log_metric(made.info.run_id, "accuracy", 0.9)
        folder: Path = tmp_path_factory.mktemp("model")
        (folder / "MLmodel").write_text(MLMODEL)
        (folder / "model.json").write_text("{}")
        (folder / "requirements.txt").write_text("numpy==2.0.0\nscipy\n")
        client.log_artifacts(made.info.run_id, str(folder), "echo")
    return str(made.info.run_id)


@pytest.fixture(scope="module")
def prompt(server: LiveServer) -> str:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        client = mlflow.MlflowClient(server.address)
        client.create_prompt("e2e-greeting")
        for text in ("Hello {{name}}.", f"Dear {{{{name}}}}, {CANARY}"):
            client.create_prompt_version("e2e-greeting", text)
    return "e2e-greeting"


def _registered(page: Page, server: LiveServer, run: str, name: str) -> None:
    page.goto(server.url(f"/admin/runs/{run}/register/"))
    page.get_by_label("As a version of").fill(name)
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_text("Registered: this is version")).to_be_visible()


def test_a_model_goes_from_a_run_to_production(page: Page, server: LiveServer, run: str) -> None:
    for _ in range(2):
        _registered(page, server, run, NAME)
    until(lambda: page.reload() and page.get_by_text("Nothing was found in its files").count())
    expect(page.locator("body")).to_contain_text("accuracy")

    page.get_by_label("Move to").select_option("Production")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("Version 2 is in Production now.")).to_be_visible()

    page.get_by_label("Point an alias here").fill("champion")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The alias points at this version now.")).to_be_visible()

    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("Verified: its files are those that were registered.")).to_be_visible()

    page.get_by_text("Describe it").click()
    page.get_by_label("Description, in Markdown").fill(f"**Weekly** {CANARY}")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("strong", has_text="Weekly")).to_be_visible()

    page.get_by_role("link", name="Compare with v1").click()
    expect(page.get_by_role("heading", name="Compare versions")).to_be_visible()
    expect(page.locator("#registered")).to_contain_text("champion")
    page.get_by_role("link", name="Swap").click()
    expect(page).to_have_url(re.compile("left=2&right=1"))
    page.get_by_label("Left").select_option("v1")
    expect(page).to_have_url(re.compile("left=1&right=1"))

    page.goto(server.url("/admin/models/?sort=name&q=e2e"))
    row = page.get_by_role("row", name="e2e")
    expect(row.get_by_role("link", name="champion")).to_be_visible()


def test_a_model_is_found_by_keys_tagged_and_deleted(page: Page, server: LiveServer, run: str) -> None:
    _registered(page, server, run, "short-lived")
    page.keyboard.press("/")
    page.keyboard.type("short-lived 1")
    expect(page.get_by_role("link", name="short-lived 1")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="short-lived version 1")).to_be_visible()
    page.get_by_role("link", name="short-lived").last.click()

    page.get_by_text("Set a tag").click()
    page.get_by_label("Key").fill("team")
    page.get_by_label("Value").fill("vision")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The tag is set.")).to_be_visible()
    page.get_by_role("button", name="Remove the tag team").click()
    expect(page.get_by_text("The tag is removed.")).to_be_visible()

    page.get_by_label(f"Level of {server.username}").select_option("EDIT")
    expect(page.get_by_text("The permission is saved.")).to_be_visible()

    page.get_by_text("Delete this model").click()
    page.get_by_label("Type its name to delete it").fill("short")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("what you typed is not its name")).to_be_visible()
    page.get_by_text("Delete this model").click()
    page.get_by_label("Type its name to delete it").fill("short-lived")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("The model is deleted.")).to_be_visible()


@pytest.mark.parametrize(
    "page",
    [{"viewport": PHONE}, {"viewport": DESK, "color_scheme": "dark"}, {"viewport": DESK, "java_script_enabled": False}],
    indirect=True,
    ids=["phone", "dark", "without scripts"],
)
def test_every_page_fits_and_runs_nothing_that_somebody_wrote(
    page: Page, server: LiveServer, run: str, prompt: str
) -> None:
    _registered(page, server, run, NAME)
    version = page.url.removeprefix(server.url(""))
    model = version.split("versions/")[0]
    page.goto(server.url(f"/admin/prompts/?q={prompt}"))
    page.get_by_role("link", name=prompt).click()
    of_prompt = page.url.removeprefix(server.url(""))
    register = f"/admin/runs/{run}/register/"
    paths = ("/admin/models/", "/admin/prompts/", model, version, f"{model}diff/", of_prompt, register)
    for path in (*paths, f"{of_prompt}versions/2/", f"{of_prompt}diff/", "/admin/"):
        page.goto(server.url(path), wait_until="load")
        assert page.evaluate("window.fired") is None
        assert not too_wide(page), path
