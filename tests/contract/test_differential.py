"""The same requests to the genuine MLflow server and to ours: the same statuses, error codes and bodies."""

import re
from collections import Counter
from types import ModuleType

import pytest

from tests.contract.calls import (
    artifacts,
    batches,
    bodies,
    experiment_search,
    experiments,
    inputs,
    logged_model_search,
    logged_models,
    metrics,
    model_versions,
    params_and_tags,
    registered_models,
    registry_search,
    run_lists,
    run_search,
    runs,
    webhooks,
)
from tests.contract.play import differences, play
from tests.contract.steps import Step
from tests.live import LiveServer

MODULES: tuple[ModuleType, ...] = (
    artifacts, batches, bodies, experiment_search, experiments, inputs, logged_model_search, logged_models, metrics,
    model_versions, params_and_tags, registered_models, registry_search, run_lists, run_search, runs, webhooks,
)  # fmt: skip
SCENARIOS = {
    f"{module.__name__.rsplit('.', 1)[1]}: {name}": steps
    for module in MODULES
    for name, steps in module.SCENARIOS.items()
}

CASES_A_CALL = 8
"""Good and bad, counted after those that only prepare the ground."""

CALLS = [
    "GET /api/2.0/mlflow/experiments/get-by-name",
    "POST /api/2.0/mlflow/experiments/create",
    "POST /api/2.0/mlflow/experiments/search",
    "GET /api/2.0/mlflow/experiments/search",
    "GET /api/2.0/mlflow/experiments/get",
    "POST /api/2.0/mlflow/experiments/delete",
    "POST /api/2.0/mlflow/experiments/restore",
    "POST /api/2.0/mlflow/experiments/update",
    "POST /api/2.0/mlflow/experiments/set-experiment-tag",
    "POST /api/2.0/mlflow/experiments/delete-experiment-tag",
    "POST /ajax-api/2.0/mlflow/experiments/search-datasets",
    "POST /api/2.0/mlflow/runs/create",
    "GET /api/2.0/mlflow/runs/get",
    "POST /api/2.0/mlflow/runs/update",
    "POST /api/2.0/mlflow/runs/delete",
    "POST /api/2.0/mlflow/runs/restore",
    "POST /api/2.0/mlflow/runs/log-metric",
    "POST /api/2.0/mlflow/runs/log-parameter",
    "POST /api/2.0/mlflow/runs/set-tag",
    "POST /api/2.0/mlflow/runs/delete-tag",
    "POST /api/2.0/mlflow/runs/search",
    "POST /api/2.0/mlflow/runs/log-batch",
    "POST /api/2.0/mlflow/runs/log-model",
    "POST /api/2.0/mlflow/runs/log-inputs",
    "POST /api/2.0/mlflow/runs/outputs",
    "GET /api/2.0/mlflow/metrics/get-history",
    "GET /ajax-api/2.0/mlflow/metrics/get-history-bulk",
    "GET /api/2.0/mlflow/metrics/get-history-bulk-interval",
    "GET /api/2.0/mlflow/artifacts/list",
    "GET /api/2.0/mlflow-artifacts/artifacts",
    "GET /api/2.0/mlflow-artifacts/artifacts/{path}",
    "PUT /api/2.0/mlflow-artifacts/artifacts/{path}",
    "DELETE /api/2.0/mlflow-artifacts/artifacts/{path}",
    "GET /get-artifact",
    "POST /ajax-api/2.0/mlflow/upload-artifact",
    "POST /api/2.0/mlflow/logged-models",
    "GET /api/2.0/mlflow/logged-models/{id}",
    "PATCH /api/2.0/mlflow/logged-models/{id}",
    "POST /api/2.0/mlflow/logged-models/search",
    "PATCH /api/2.0/mlflow/logged-models/{id}/tags",
    "POST /api/2.0/mlflow/logged-models/{id}/params",
    "GET /api/2.0/mlflow/logged-models/{id}/artifacts/directories",
    "POST /api/2.0/mlflow/registered-models/create",
    "GET /api/2.0/mlflow/registered-models/get",
    "PATCH /api/2.0/mlflow/registered-models/update",
    "POST /api/2.0/mlflow/registered-models/rename",
    "DELETE /api/2.0/mlflow/registered-models/delete",
    "POST /api/2.0/mlflow/registered-models/set-tag",
    "DELETE /api/2.0/mlflow/registered-models/delete-tag",
    "POST /api/2.0/mlflow/registered-models/alias",
    "DELETE /api/2.0/mlflow/registered-models/alias",
    "GET /api/2.0/mlflow/registered-models/alias",
    "GET /api/2.0/mlflow/registered-models/get-latest-versions",
    "GET /api/2.0/mlflow/registered-models/search",
    "POST /api/2.0/mlflow/model-versions/create",
    "GET /api/2.0/mlflow/model-versions/get",
    "PATCH /api/2.0/mlflow/model-versions/update",
    "POST /api/2.0/mlflow/model-versions/transition-stage",
    "DELETE /api/2.0/mlflow/model-versions/delete",
    "GET /api/2.0/mlflow/model-versions/get-download-uri",
    "POST /api/2.0/mlflow/model-versions/set-tag",
    "DELETE /api/2.0/mlflow/model-versions/delete-tag",
    "GET /api/2.0/mlflow/model-versions/search",
    "POST /api/2.0/mlflow/webhooks",
    "GET /api/2.0/mlflow/webhooks",
    "GET /api/2.0/mlflow/webhooks/{id}",
    "PATCH /api/2.0/mlflow/webhooks/{id}",
    "DELETE /api/2.0/mlflow/webhooks/{id}",
    "POST /api/2.0/mlflow/webhooks/{id}/test",
]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_answers_are_those_of_the_genuine_server(name: str, genuine: LiveServer, server: LiveServer) -> None:
    steps = SCENARIOS[name]
    here = f"s{list(SCENARIOS).index(name):03}"

    found = differences(steps, play(genuine, steps, here=here), play(server, steps, here=here))

    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_asked_in_many_ways(call: str) -> None:
    asked = Counter(_call(step) for steps in SCENARIOS.values() for step in steps)

    assert asked[call] >= CASES_A_CALL


def _call(step: Step) -> str:
    path = step.url.split("?")[0]
    path = re.sub(r"(/mlflow-artifacts/artifacts)/.+", r"\1/{path}", path)
    path = re.sub(r"(/logged-models|/webhooks)/(?!search)[^/]+", r"\1/{id}", path)
    return f"{step.method} {path}"
