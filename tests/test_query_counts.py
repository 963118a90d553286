"""How many SQL statements every call takes, so that none grows by the row: tests/query_counts.json.

Each is called by whoever may, with what the process remembers (metric keys, content types) as in a server that runs.
Where transactions begin and end is not counted.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import TestCase
from django.utils import timezone

from apps.accounts.models import Token
from apps.tracking.entities import Metric
from apps.tracking.queries import keys
from apps.tracking.queries.runs import run_to_write
from apps.tracking.services import run_data
from mlregistry.levels import Level
from tests.golden import HERE, compared
from tests.scorer import scoring
from tests.security import world as worlds
from tests.security.callers import Answer, by_token
from tests.security.operations import operations
from tests.security.recipes import RECIPES, filled
from tests.security.statements import counted
from tests.security.world import World

FILE = "query_counts.json"
LOG_METRIC_AT_MOST = 4
LOG_BATCH_AT_MOST = 8
MORE = 20
LISTS = {
    "POST /api/2.0/mlflow/runs/search": "runs",
    "POST /api/2.0/mlflow/logged-models/search": "models",
    "POST /api/2.0/mlflow/experiments/search": "experiments",
    "POST /api/2.0/mlflow/experiments/search-datasets": "dataset_summaries",
    "GET /api/2.0/mlflow/users/list": "users",
    "GET /api/3.0/mlflow/roles/list": "roles",
    "GET /api/3.0/mlflow/roles/users/list": "assignments",
    "GET /api/3.0/mlflow/users/roles/list": "roles",
    "GET /api/3.0/mlflow/users/permissions/list": "permissions",
    "GET /api/2.0/mlflow/registered-models/search": "registered_models",
    "GET /api/2.0/mlflow/model-versions/search": "model_versions",
    "GET /api/v1/registered-models/{name}/versions/{version}/card/revisions": "results",
    "GET /api/v1/registered-models/{name}/versions/{version}/content/files": "results",
    "GET /api/v1/registered-models/{name}/versions/{version}/scans": "results",
    "GET /api/v1/registered-models/{name}/versions/{version}/images": "results",
    "GET /api/v1/deployments": "results",
    "GET /api/v1/deployments/{name}/rollouts": "results",
    "GET /api/v1/people": "results",
    "GET /api/v1/service-accounts": "results",
    "GET /api/v1/teams": "results",
    "GET /api/v1/teams/{id}/members": "results",
    "GET /api/v1/tokens": "results",
    "GET /api/2.0/mlflow/webhooks": "webhooks",
    "GET /api/v1/webhooks/{webhook_id}/deliveries": "results",
}
"""Calls that answer with a list, by its name."""


@pytest.fixture
def world(db: None, tmp_path: Path, settings: Any) -> Iterator[World]:
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path / "artifacts")
    made = worlds.standing(tmp_path / "artifacts")
    made.callers["member"] = by_token(made.people["manager"])
    Token.objects.update(last_used_at=timezone.now())  # noting the use, once a minute, is no part of the call
    _remember_keys(made)
    with scoring():
        yield made
    keys.forget()


def _remember_keys(world: World) -> None:
    """Log what is about to be logged, once, with what happens on commit: keys stay known to the process."""
    root = world.people["administrator"]
    with TestCase.captureOnCommitCallbacks(execute=True):
        metrics = [Metric(key=f"m{number}", value=0, timestamp=0) for number in range(1000)]
        run_data.log_batch(
            run=run_to_write(root, world.names["run"]),
            metrics=[*metrics, Metric(key="loss", value=0, timestamp=0)],
            params=[],
            tags=[],
            user=root,
        )


def statements_of(world: World, recipe: str, **changes: Any) -> tuple[Answer, int]:
    caller = "member" if operations()[recipe]["x-requires"] in Level.__members__ else "admin token"
    call = filled(recipe, world.names, **changes)
    for _ in range(2):  # the first call fills what Django remembers
        with world.afterwards_as_before(), counted() as statements:
            answer = world.callers[caller].send(call)
    return answer, len(statements)


def test_every_call_takes_as_many_statements_as_it_did(world: World) -> None:
    known = json.loads((HERE / FILE).read_text()) if (HERE / FILE).exists() else {}
    counts: dict[str, Any] = {}
    for recipe in sorted(RECIPES, key=lambda name: name.split(" ")[::-1]):
        count = statements_of(world, recipe)[1]
        counts[recipe] = merged(known.get(recipe), count)
    compared(FILE, json.dumps(counts, indent=2) + "\n")


def merged(known: int | dict[str, int] | None, count: int) -> int | dict[str, int]:
    """One number, or one for each database where they differ."""
    vendors = dict(known) if isinstance(known, dict) else dict.fromkeys(("postgresql", "sqlite"), known or count)
    vendors[connection.vendor] = count
    return count if len(set(vendors.values())) == 1 else vendors


def test_logging_a_metric_takes_at_most_four_statements(world: World) -> None:
    answer, count = statements_of(world, "POST /api/2.0/mlflow/runs/log-metric")
    assert answer.status == 200
    assert count <= LOG_METRIC_AT_MOST


@pytest.mark.parametrize(("metrics", "others"), [(1000, 0), (900, 50)])
def test_logging_a_thousand_things_takes_at_most_eight_statements(world: World, metrics: int, others: int) -> None:
    answer, count = statements_of(
        world,
        "POST /api/2.0/mlflow/runs/log-batch",
        metrics=[{"key": f"m{number}", "value": number, "timestamp": 1, "step": 1} for number in range(metrics)],
        params=[{"key": f"p{number}", "value": "v"} for number in range(others)],
        tags=[{"key": f"t{number}", "value": "v"} for number in range(others)],
    )
    assert answer.status == 200, answer.content
    assert count <= LOG_BATCH_AT_MOST


def test_a_page_takes_the_same_number_of_statements_whatever_its_size(world: World) -> None:
    few = {recipe: statements_of(world, recipe) for recipe in LISTS}
    worlds.more_of_everything(world, MORE)
    for recipe, listed in LISTS.items():
        (before, expected), (after, count) = few[recipe], statements_of(world, recipe)
        assert len(after.json()[listed]) > len(before.json()[listed]) + MORE // 2, recipe
        assert count == expected, recipe
