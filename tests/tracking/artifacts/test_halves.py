"""`MLREGISTRY_SERVE`: either half of the server can be switched off."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.models import Experiment, Run
from tests.tracking.artifacts.calling import FILES, JSON, MLFLOW, PROXY, as_user, content, put
from tests.tracking.making import make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(experiment: Experiment, ada: User, store: ArtifactStore) -> Run:
    return make_run(experiment, ada)


@pytest.fixture
def client(ada: User) -> Client:
    return as_user(ada)


def test_an_artifacts_only_server_moves_files_and_nothing_else(client: Client, run: Run, settings: Settings) -> None:
    settings.MLREGISTRY_SERVE = "artifacts-only"
    root = run.artifact_uri.removeprefix("mlflow-artifacts:/")

    assert put(client, f"{root}/a", b"hello").status_code == 200
    assert content(client.get(f"{FILES}/{root}/a")) == b"hello"
    for answer in (
        client.get(f"{MLFLOW}/runs/get", {"run_id": run.uuid}),
        client.get(f"{MLFLOW}/artifacts/list", {"run_id": run.uuid}),
        client.get("/get-artifact", {"run_id": run.uuid, "path": "a"}),
        client.post(f"{MLFLOW}/experiments/create", {"name": "x"}, content_type=JSON),
    ):
        assert answer.status_code == 503
        assert b"in `--artifacts-only` mode" in answer.content


def test_a_server_without_artifacts_does_all_but_moving_files(client: Client, run: Run, settings: Settings) -> None:
    settings.MLREGISTRY_SERVE = "no-artifacts"
    root = run.artifact_uri.removeprefix("mlflow-artifacts:/")

    assert client.get(f"{MLFLOW}/runs/get", {"run_id": run.uuid}).status_code == 200
    for answer in (
        put(client, f"{root}/a"),
        client.get(f"{FILES}/{root}/a"),
        client.get(FILES),
        client.delete(f"{FILES}/{root}/a"),
        client.post(f"{PROXY}/mpu/create/{root}", {"path": "a", "num_parts": 1}, content_type=JSON),
        client.get(f"{PROXY}/presigned/{root}/a"),
    ):
        assert answer.status_code == 503
        assert b"running with `--no-serve-artifacts`" in answer.content


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (f"{MLFLOW}/runs/get", "/api/2.0/mlflow/runs/get"),
        (f"{MLFLOW}/logged-models/m-1", "/api/2.0/mlflow/logged-models/<model_id>"),
    ],
)
def test_the_refusal_names_the_call_as_the_genuine_server_does(
    client: Client, settings: Settings, path: str, rule: str
) -> None:
    settings.MLREGISTRY_SERVE = "artifacts-only"

    assert client.get(path).content.decode().startswith(f"Endpoint: {rule} disabled due to the mlflow server running")


@pytest.mark.parametrize("mode", ["artifacts-only", "no-artifacts"])
def test_whatever_is_switched_off_still_takes_signing_in(run: Run, settings: Settings, mode: str) -> None:
    settings.MLREGISTRY_SERVE = mode

    assert Client().get(f"{MLFLOW}/runs/get").status_code == 401
    assert Client().get(FILES).status_code == 401


@pytest.mark.parametrize("mode", ["artifacts-only", "no-artifacts"])
def test_what_belongs_to_no_half_answers_in_both(root: User, settings: Settings, mode: str) -> None:
    settings.MLREGISTRY_SERVE = mode

    assert Client().get("/health").status_code == 200
    assert Client().get("/version").status_code == 200
    assert Client().get("/api/3.0/mlflow/server-info").status_code == 200
    assert as_user(root).get(f"{MLFLOW}/users/get", {"username": "root"}).status_code == 200


def test_files_of_the_proxy_are_not_read_by_another_door(client: Client, run: Run, settings: Settings) -> None:
    settings.MLREGISTRY_SERVE = "no-artifacts"

    answer = client.get(f"{MLFLOW}/artifacts/list", {"run_id": run.uuid})

    assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
