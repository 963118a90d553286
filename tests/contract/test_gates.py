"""Gates by a server and its worker: a promotion is asked for by MLflow's own client, judged, voted on and applied."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.live import LiveServer, ours
from tests.receiver import Receiver, receiving

SECRET = "sixteen letters, or more"
WITHIN_S = 90


@pytest.fixture(scope="module")
def judge() -> Iterator[Receiver]:
    """Somebody else, who says no until told otherwise."""
    with receiving() as running:
        running.body = json.dumps({"passed": False, "sentence": "the board has not met"}).encode()
        yield running


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("governed")
    with ours(folder, MLREGISTRY_OUTGOING_ALLOW="127.0.0.1", MLREGISTRY_GATE_SECRET=SECRET) as running:
        yield running


@pytest.fixture
def client(governed: LiveServer, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    for name, value in governed.client_environment.items():
        monkeypatch.setenv(name, value)
    return MlflowClient(governed.address, governed.address)


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.2)
    return found


def register(client: MlflowClient, folder: Path) -> None:
    """A run with files, logged by the client; no training is needed for what is judged here."""
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"
        'signature:\n  inputs: \'[{"name": "x", "type": "double"}]\'\n'
    )
    (folder / "requirements.txt").write_text("numpy==2.1.0\n")
    run = client.create_run("0")
    client.log_metric(run.info.run_id, "accuracy", 0.93)
    client.log_artifacts(run.info.run_id, str(folder), "model")
    client.create_registered_model("fraud")
    client.create_model_version("fraud", f"{run.info.artifact_uri}/model", run.info.run_id)


def sign_up(governed: LiveServer, admin: requests.Session) -> requests.Session:
    """A reviewer; where a policy names no team, that is who manages the model."""
    password = secrets.token_urlsafe(16)
    _ask(admin, governed, "users/create", username="rita", password=password)
    session = requests.Session()
    session.trust_env, session.auth = False, ("rita", password)
    return session


def publish(call: Callable[..., Any], judge: Receiver) -> None:
    gates = [
        {"metric_at_least": {"metric": "accuracy", "value": 0.9}},
        "signature_present",
        "content_intact",
        {"external_webhook": {"url": f"{judge.address}/judge"}},
    ]
    call("PUT", "policies/production", document={"protects": {"stage": ["Production"]}, "gates": gates})
    call("POST", "policies/production/publish", reason="from now on")


def judged(request: dict[str, Any], gates: int) -> dict[str, Any] | None:
    """The request, once all of its gates have looked."""
    return request if len(request["gates"]) == gates else None


def _ask(session: requests.Session, governed: LiveServer, path: str, **body: str) -> None:
    answer = session.post(governed.url(f"api/2.0/mlflow/{path}"), json=body, timeout=30)
    assert answer.ok, answer.text


def move(client: MlflowClient) -> str:
    """What the client is told."""
    try:
        client.transition_model_version_stage("fraud", "1", "Production")
    except MlflowException as refused:
        return str(refused)
    return ""


@pytest.mark.filterwarnings("ignore:.*transition_model_version_stage:FutureWarning")
def test_gates_look_as_the_files_are_read_and_decide_after_the_last_vote(
    governed: LiveServer, client: MlflowClient, judge: Receiver, tmp_path: Path
) -> None:
    admin = governed.session()

    def call(method: str, path: str, session: requests.Session = admin, **body: Any) -> Any:
        answer = session.request(method, governed.url(f"api/v1/{path}"), json=body or None, timeout=30)
        assert answer.ok, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    reviewer = sign_up(governed, admin)
    publish(call, judge)
    register(client, tmp_path)
    _ask(admin, governed, "registered-models/permissions/create", name="fraud", username="rita", permission="MANAGE")
    refusal = move(client)
    assert "Change request 1 is missing 1 approval" in refusal

    seen = until(lambda: judged(call("GET", "change-requests/1"), 4))
    assert seen["evidence_digest"]
    said = {run["gate"]: (run["verdict"], run["sentence"]) for run in seen["gates"]}
    assert said["metric_at_least"] == ("passed", "accuracy is 0.93, at least 0.9 is asked.")
    assert said["signature_present"] == ("passed", "The signature names 1 input and 0 outputs.")
    assert said["content_intact"][0] == "passed"
    assert said["external_webhook"] == ("failed", "127.0.0.1 said no: the board has not met")
    assert judge.got[0].is_signed_with(SECRET)

    call("POST", "change-requests/1/approve", reviewer, comment="fine", seen=seen["evidence_digest"])
    asked = len(judge.got)
    until(lambda: len(judge.got) > asked)  # again, since the vote
    assert call("GET", "change-requests/1")["state"] == "approved"
    assert "waits for its gates" in move(client)

    judge.body = json.dumps({"passed": True, "sentence": "the board agrees"}).encode()
    call("POST", "change-requests/1/look", reviewer)
    until(lambda: call("GET", "change-requests/1")["state"] == "applied")
    assert client.get_model_version("fraud", "1").current_stage == "Production"
    assert move(client) == ""
