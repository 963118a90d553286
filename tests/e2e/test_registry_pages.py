"""A version in a real browser: its page, its card, and nothing that somebody wrote runs there."""

from urllib.parse import quote

import mlflow
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, PHONE
from tests.live import LiveServer
from tests.serve.processes import until

pytestmark = pytest.mark.once
CANARY = "<script>window.fired = 1</script><img src=x onerror='window.fired = 1'>"
NAME = f"canary {CANARY.replace('/', '|').replace(':', '|')}"


@pytest.fixture(scope="module")
def version(server: LiveServer) -> str:
    """A model with one version, whose every text is a script and whose card has been filled in; the model's name."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        client = mlflow.MlflowClient(server.address)
        client.create_registered_model(NAME, tags={"team": CANARY}, description=CANARY)
        client.create_model_version(NAME, "s3://bucket/model", tags={"kind": CANARY}, description=CANARY)
    card = server.url(f"/api/v1/registered-models/{quote(NAME, safe='')}/versions/1/card")
    until(lambda: server.session().get(card).json()["revision"] == 1)
    return NAME


def _open_version(page: Page, server: LiveServer) -> None:
    page.goto(server.url("/admin/registry/modelversion/"))
    page.get_by_role("link", name=NAME).first.click()
    expect(page.get_by_role("heading", name=f"{NAME} version 1")).to_be_visible()


@pytest.mark.parametrize(
    "page",
    [{"viewport": DESK}, {"viewport": PHONE}, {"viewport": DESK, "color_scheme": "dark"}],
    indirect=True,
    ids=["desk", "phone", "dark"],
)
def test_nothing_that_somebody_wrote_runs_on_the_pages_of_a_version(
    page: Page, server: LiveServer, version: str
) -> None:
    _open_version(page, server)
    assert page.evaluate("window.fired") is None
    page.goto(server.url("/admin/registry/registeredmodel/"))
    page.get_by_role("link", name=version).first.click()
    expect(page.get_by_label("Description:")).to_have_value(CANARY)
    assert page.evaluate("window.fired") is None


def test_a_card_is_written_and_read_and_its_scripts_are_words(page: Page, server: LiveServer, version: str) -> None:
    _open_version(page, server)
    page.get_by_role("link", name="read and write the model card").click()
    page.get_by_label("Intended use:").fill(f"# Churn\n\n**weekly** {CANARY}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This is revision 2.")).to_be_visible()
    expect(page.get_by_role("heading", name="Churn")).to_be_visible()
    expect(page.locator("strong", has_text="weekly")).to_be_visible()
    assert page.evaluate("window.fired") is None
    assert page.locator(".field-card img, .field-card script").count() == 0
