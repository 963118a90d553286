"""Webhooks by MLflow's own client against our server, with a receiver that checks what MLflow tells receivers to."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import LiveServer, clean_environment, ours
from tests.receiver import Receiver, receiving

SCRIPT = Path(__file__).with_name("webhook_script.py")


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Our server, which may call this machine."""
    with ours(tmp_path_factory.mktemp("calling"), MLREGISTRY_OUTGOING_ALLOW="127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        running.answer = lambda got: 418 if got.path == "/refuses" else 200
        yield running


@pytest.fixture(scope="module")
def seen(calling: LiveServer, receiver: Receiver) -> dict[str, Any]:
    """What the client saw."""
    done = subprocess.run(
        [sys.executable, SCRIPT, receiver.address],
        env=clean_environment() | calling.client_environment | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_client_makes_reads_lists_changes_and_deletes_webhooks(seen: dict[str, Any], receiver: Receiver) -> None:
    made = {
        "name": "ci",
        "url": f"{receiver.address}/hook",
        "events": ["model_version.created", "prompt.created"],
        "status": "ACTIVE",
        "description": None,
        "secret": None,
    }
    assert seen["made"] == seen["got"] == made
    changed = {"name": "cd", "description": "builds", "events": ["model_version_alias.created"]}
    assert seen["changed"] == made | changed
    assert (seen["listed"], seen["rest"]) == (["other"], ["ci"])
    assert (seen["deleted"], seen["left"]) == ("RESOURCE_DOES_NOT_EXIST", 0)


def test_the_client_tests_webhooks_and_never_reads_what_the_receiver_says(seen: dict[str, Any]) -> None:
    for name in ("tested", "tested for an event", "tested without a secret"):
        assert seen[name] == [True, 200, None, None]
    assert seen["refused"] == [False, 418, None, "The receiver answered 418 (I'm a Teapot)."]


def test_the_receiver_can_trust_what_it_gets(seen: dict[str, Any], receiver: Receiver) -> None:
    first, second, unsigned, _ = receiver.got
    assert first.is_signed_with("s3cret")
    assert second.is_signed_with("s3cret")
    assert "X-MLflow-Signature" not in unsigned.headers
    assert [json.loads(got.body)["entity"] for got in receiver.got[:3]] == [
        "model_version_alias",
        "prompt_tag",
        "prompt",
    ]
    assert first.data == {"name": "example_model", "alias": "example_alias", "version": "1"}
