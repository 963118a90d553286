"""Images, built by the worker in a genuine Docker Engine from what a genuine client registered, and served."""

import hashlib
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from mlflow import MlflowClient

from tests.serve.processes import by_parent
from tests.serving.conftest import Serving
from tests.serving.models import register, register_by_hand

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("docker")]

INPUT = {"dataframe_split": {"columns": ["x"], "data": [[1.0], [2.0]]}}
CANARY = Path("/tmp/mlregistry-canary")


@pytest.fixture(scope="module")
def doubled(serving: Serving) -> dict[str, Any]:
    """The image of version 1 of `doubling`."""
    assert register(serving.server, "doubling", "doubling") == 1
    sealed(serving, "doubling", 1)
    return serving.built("doubling", 1)


@pytest.fixture
def client(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    for name, value in serving.server.client_environment.items():
        monkeypatch.setenv(name, value)
    return MlflowClient(serving.server.address, serving.server.address)


def sealed(serving: Serving, model: str, version: int) -> None:
    """Once its files have been read and looked into."""
    serving.until(lambda: serving.get(f"registered-models/{model}/versions/{version}/scans")["results"])


def test_an_image_is_built_of_the_registered_files_and_has_answered(
    serving: Serving, doubled: dict[str, Any], engine: docker.DockerClient
) -> None:
    content = serving.get("registered-models/doubling/versions/1/content")
    assert doubled["state"] == "ready", doubled["message"]
    assert doubled["digest"] == content["digest"]
    assert doubled["trial"]["status"] == 200
    assert doubled["trial"]["asked"] == "serving_input_example.json"
    assert json.loads(doubled["trial"]["answer"]) == {"predictions": [2.0, 4.0]}
    assert engine.images.get(doubled["engine_id"]).labels["mlregistry.content"] == content["digest"]


def test_every_package_is_locked_by_its_hash(serving: Serving, doubled: dict[str, Any]) -> None:
    lines = doubled["lock"].splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==\S+ --hash=sha256:[0-9a-f]{64}", line)] == []
    assert {line.partition("==")[0] for line in lines} >= {"mlflow-skinny", "numpy", "pandas", "granian"}


def test_the_files_in_the_image_are_those_of_the_manifest(
    serving: Serving, doubled: dict[str, Any], engine: docker.DockerClient
) -> None:
    said = engine.containers.run(
        doubled["engine_id"], ["-c", "cd /opt/model; find . -type f | xargs sha256sum"], entrypoint="sh", remove=True
    )
    packed = {path.removeprefix("./"): digest for digest, path in (line.split() for line in said.decode().splitlines())}
    files = serving.get("registered-models/doubling/versions/1/content/files")["results"]
    assert packed == {file["path"]: file["sha256"] for file in files}


def test_a_deployment_answers_as_the_model_does(serving: Serving, doubled: dict[str, Any]) -> None:
    rollout = serving.rolled_out("doubling-live", "doubling", 1)
    assert rollout["state"] == "live", rollout["message"]
    assert invoked(serving, "doubling-live", INPUT).json() == {"predictions": [2.0, 4.0]}
    bad = invoked(serving, "doubling-live", {"nothing": 1})
    assert (bad.status_code, bad.json()["error_code"]) == (400, "BAD_REQUEST")
    as_csv = serving.session.post(
        serving.server.url("api/v1/deployments/doubling-live/invocations"),
        data="x\n7\n",
        headers={"Content-Type": "text/csv"},
        timeout=60,
    )
    assert as_csv.json() == {"predictions": [14.0]}
    assert as_csv.headers["X-Model-Version"] == "1"


def test_what_cannot_be_loaded_takes_nothing_down_and_sings_nowhere(serving: Serving, doubled: dict[str, Any]) -> None:
    CANARY.unlink(missing_ok=True)
    serving.rolled_out("doubling-live", "doubling", 1)
    number = register(serving.server, "doubling", "breaking")
    sealed(serving, "doubling", number)
    rollout = serving.rolled_out("doubling-live", "doubling", number)
    assert rollout["state"] == "failed"
    assert "no such luck" in rollout["message"]
    assert invoked(serving, "doubling-live", INPUT).json() == {"predictions": [2.0, 4.0]}
    assert not CANARY.exists()


def test_a_container_that_is_gone_comes_back(
    serving: Serving, doubled: dict[str, Any], engine: docker.DockerClient
) -> None:
    serving.rolled_out("lost", "doubling", 1)
    serving.rolled_out("kept", "doubling", 1)
    container = engine.containers.get("mlregistry-lost-1")
    kept = engine.containers.get("mlregistry-kept-1").id
    container.remove(force=True)
    assert invoked(serving, "lost", INPUT).status_code == 503
    serving.rolled_out("other", "doubling", 1)
    serving.post("deployments/other/stop")  # which has the worker look at everything
    serving.until(lambda: invoked(serving, "lost", INPUT).status_code == 200)
    serving.until(lambda: not engine.containers.list(all=True, filters={"name": "mlregistry-other-1"}))
    assert engine.containers.get("mlregistry-kept-1").id == kept


def test_a_served_model_is_contained(serving: Serving, doubled: dict[str, Any]) -> None:
    assert register(serving.server, "probing", "probing") == 1
    sealed(serving, "probing", 1)
    rollout = serving.rolled_out("probing", "probing", 1)
    assert rollout["state"] == "live", rollout["message"]
    tried, *succeeded = invoked(serving, "probing", INPUT).json()["predictions"]
    assert succeeded == []
    assert int(tried) >= 30


def test_a_build_goes_on_when_its_worker_is_killed(
    serving: Serving, doubled: dict[str, Any], engine: docker.DockerClient
) -> None:
    image = serving.post("registered-models/doubling/versions/1/images", resolve=True)
    ours = {"all": True, "filters": {"label": f"mlregistry.build={image['id']}"}}
    serving.until(lambda: [each for each in engine.containers.list(**ours) if each.status == "running"])
    [worker] = [pid for pid in by_parent()[serving.server.process.pid] if not by_parent().get(pid)]
    os.kill(worker, signal.SIGKILL)
    done = serving.until(lambda: serving.done(f"images/{image['id']}", "building"))
    assert done["state"] == "ready", done["message"]
    assert engine.containers.list(**ours) == []


def test_nothing_is_built_of_files_that_were_changed(serving: Serving, doubled: dict[str, Any]) -> None:
    number = register(serving.server, "doubling", "doubling")
    sealed(serving, "doubling", number)
    changed = file_of(serving, "doubling", number, "MLmodel")
    changed.write_bytes(changed.read_bytes() + b"\n")
    image = serving.built("doubling", number)
    assert image["state"] == "failed"
    assert "MLmodel" in image["message"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("no-such-package-anywhere==1.0", "cannot be had"),
        (f"six==1.17.0 --hash=sha256:{'0' * 64}", "none of the hashes"),
    ],
)
def test_a_build_is_what_it_says_or_none(
    serving: Serving, client: MlflowClient, tmp_path: Path, line: str, why: str
) -> None:
    number = register_by_hand(client, "by-hand", tmp_path, ["mlflow-skinny", line])
    sealed(serving, "by-hand", number)
    image = serving.built("by-hand", number)
    assert image["state"] == "failed"
    assert why in image["message"]


@pytest.mark.parametrize(
    "line", ["--extra-index-url https://example.org/simple", "-r other.txt", "git+https://x/y.git"]
)
def test_lines_that_bring_something_else_are_refused(
    serving: Serving, client: MlflowClient, tmp_path: Path, line: str
) -> None:
    number = register_by_hand(client, "by-hand", tmp_path, ["mlflow-skinny", line])
    sealed(serving, "by-hand", number)
    refusal = serving.refused(f"registered-models/by-hand/versions/{number}/images")
    assert line.split(maxsplit=1)[0] in refusal.text


def test_a_request_that_has_to_show_an_image_has_it_built(serving: Serving, doubled: dict[str, Any]) -> None:
    number = register(serving.server, "gated", "doubling")
    sealed(serving, "gated", number)
    document = {"models": ["gated"], "protects": {"alias": ["champion"]}, "gates": ["image_smoke_test"]}
    serving.put("policies/images", document=document)
    serving.post("policies/images/publish", reason="from now on")
    answer = serving.session.post(
        serving.server.url("api/2.0/mlflow/registered-models/alias"),
        json={"name": "gated", "alias": "champion", "version": str(number)},
        timeout=60,
    )
    assert answer.status_code == 403
    asked = serving.get("change-requests?object_name=gated")["results"][0]

    def passed() -> Any:
        looked = serving.get(f"change-requests/{asked['id']}")["gates"]
        return next((gate for gate in looked if gate["verdict"] == "passed"), None)

    assert "answered serving_input_example.json" in serving.until(passed)["sentence"]


def invoked(serving: Serving, deployment: str, question: dict[str, Any]) -> requests.Response:
    address = serving.server.url(f"api/v1/deployments/{deployment}/invocations")
    return serving.session.post(address, json=question, timeout=120)


def file_of(serving: Serving, model: str, version: int, path: str) -> Path:
    """Where the store keeps a file of a version, by its content: behind the server's back."""
    files = serving.get(f"registered-models/{model}/versions/{version}/content/files")["results"]
    wanted = next(file["sha256"] for file in files if file["path"] == path)
    stored = (serving.server.folder / "data" / "artifacts").rglob(path)
    return next(found for found in stored if hashlib.sha256(found.read_bytes()).hexdigest() == wanted)
