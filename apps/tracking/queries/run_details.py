"""What belongs to a page of runs, in as many queries whatever the size of the page.

The statements are made by hand and answer with plain tuples: a page may hold thousands of runs with a hundred metrics
each, and the ORM would spend more time on such a page than the database.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

MetricRow = tuple[str, float, bool, int, int]
"""Key, value, whether it is NaN, timestamp, step."""


@dataclass(frozen=True, slots=True)
class RunDetails:
    """By the primary key of the run."""

    metrics: dict[int, list[MetricRow]]
    params: dict[int, list[tuple[str, str]]]
    tags: dict[int, list[tuple[str, str]]]
    dataset_inputs: dict[int, list[dict[str, Any]]]
    model_inputs: dict[int, list[str]]
    model_outputs: dict[int, list[tuple[str, int]]]


def details_of(runs: Sequence[int]) -> RunDetails:
    """Everything logged for the runs with these primary keys."""
    params, tags = _by_kind_and_run(_PAIRS, runs, kinds=2)
    dataset_inputs, model_inputs, model_outputs = _by_kind_and_run(_INPUTS_AND_OUTPUTS, runs, kinds=3)
    (metrics,) = _by_kind_and_run(_METRICS, runs, kinds=1)
    return RunDetails(
        metrics=metrics,
        params=params,
        tags=tags,
        dataset_inputs=_dataset_inputs(dataset_inputs),
        model_inputs={run: [model_id for _, _, model_id in rows] for run, rows in model_inputs.items()},
        model_outputs={run: [(model_id, step) for _, step, model_id in rows] for run, rows in model_outputs.items()},
    )


# Every row begins with its kind and its run. Two kinds in one statement spare a journey to the database.
_METRICS = (
    "SELECT 0, d.run_id, k.name, d.value, d.is_nan, d.timestamp, d.step FROM tracking_latestmetric d"
    " JOIN tracking_metrickey k ON k.id = d.key_id WHERE d.run_id {among} ORDER BY k.name"
)
_PAIRS = (
    "SELECT 0, run_id, key, value FROM tracking_param WHERE run_id {among}"
    " UNION ALL SELECT 1, run_id, key, value FROM tracking_runtag WHERE run_id {among} ORDER BY 3"
)
_INPUTS_AND_OUTPUTS = (
    "SELECT 0, run_id, id, dataset_id, '' FROM tracking_datasetinput WHERE run_id {among}"
    " UNION ALL SELECT 1, d.run_id, d.id, 0, m.model_id FROM tracking_modelinput d"
    " JOIN tracking_loggedmodel m ON m.id = d.model_id WHERE d.run_id {among}"
    " UNION ALL SELECT 2, d.run_id, d.id, d.step, m.model_id FROM tracking_modeloutput d"
    " JOIN tracking_loggedmodel m ON m.id = d.model_id WHERE d.run_id {among} ORDER BY 3"
)


def _by_kind_and_run(statement: str, runs: Sequence[int], *, kinds: int) -> list[dict[int, list[Any]]]:
    """The rows of a statement about `runs`, by the kind and the run that each begins with."""
    found: list[dict[int, list[Any]]] = [defaultdict(list) for _ in range(kinds)]
    for row in _rows(statement, runs):
        found[row[0]][row[1]].append(row[2:])
    return found


def _rows(statement: str, among: Sequence[int]) -> list[tuple[Any, ...]]:
    """The rows of a statement; every `{among}` in it stands for a list of primary keys, as one parameter."""
    if connection.vendor == "postgresql":
        condition, parameter = "= ANY(%s::bigint[])", "{" + ",".join(map(str, among)) + "}"
    else:
        condition, parameter = "IN (SELECT value FROM json_each(%s))", json.dumps(list(among))
    with connection.cursor() as cursor:
        cursor.execute(statement.format(among=condition), [parameter] * statement.count("{among}"))
        return list(cursor.fetchall())


def _dataset_inputs(inputs: dict[int, list[Any]]) -> dict[int, list[dict[str, Any]]]:
    """As the wire writes them. The same dataset, large schema and all, is read once however many runs took it."""
    if not inputs:
        return {}
    taken = [row for rows in inputs.values() for row in rows]
    datasets = _datasets(sorted({dataset for _, dataset, _ in taken}))
    tags: dict[int, list[dict[str, str]]] = defaultdict(list)
    statement = "SELECT input_id, key, value FROM tracking_inputtag WHERE input_id {among} ORDER BY id"
    for given, key, value in _rows(statement, [pk for pk, _, _ in taken]):
        tags[given].append({"key": key, "value": value})
    return {
        run: [{"dataset": datasets[dataset], **({"tags": tags[pk]} if pk in tags else {})} for pk, dataset, _ in rows]
        for run, rows in inputs.items()
    }


def _datasets(pks: Sequence[int]) -> dict[int, dict[str, str]]:
    statement = "SELECT id, name, digest, source_type, source, schema, profile FROM tracking_dataset WHERE id {among}"
    found = {}
    for pk, name, digest, source_type, source, schema, profile in _rows(statement, pks):
        optional = {key: value for key, value in (("schema", schema), ("profile", profile)) if value}
        found[pk] = {"name": name, "digest": digest, "source_type": source_type, "source": source, **optional}
    return found
