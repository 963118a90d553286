"""Rows as the wire writes them. Empty lists and unset fields are left out, as protobuf leaves them out."""

from collections.abc import Iterable, Sequence
from typing import Any

from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.queries.histories import HistoryPoint
from apps.tracking.queries.run_details import RunDetails
from apps.tracking.queries.run_search import FoundRun
from mlregistry.wire.endpoint import Wire

NAN = "NaN"
WORKSPACE = "default"
"""The one workspace there is, as the genuine server names it where workspaces are off."""


def experiment(row: Experiment) -> Wire:
    return without_empty(
        {
            "experiment_id": str(row.pk),
            "name": row.name,
            "artifact_location": row.artifact_location,
            "lifecycle_stage": row.lifecycle_stage,
            "last_update_time": row.last_update_time,
            "creation_time": row.creation_time,
            "workspace": WORKSPACE,
            "tags": [{"key": tag.key, "value": tag.value} for tag in row.tags.all()],
        }
    )


def run_info(row: Run | FoundRun) -> Wire:
    info: Wire = {
        "run_uuid": row.uuid,
        "run_id": row.uuid,
        "experiment_id": str(row.experiment_id),
        "run_name": row.name,
        "user_id": row.user_id,
        "status": row.status,
        "start_time": row.start_time,
        "artifact_uri": row.artifact_uri,
        "lifecycle_stage": row.lifecycle_stage,
    }
    if row.end_time is not None:
        info["end_time"] = row.end_time
    return info


def run(row: Run | FoundRun, details: RunDetails) -> Wire:
    """A run with everything that was logged for it. A page may hold thousands: nothing is made that is not shown."""
    return {
        "info": run_info(row),
        "data": _given(metrics=details.metrics, params=details.params, tags=details.tags),
        "inputs": _given(dataset_inputs=details.dataset_inputs, model_inputs=details.model_inputs),
        "outputs": _given(model_outputs=details.model_outputs),
    }


def _given(**lists: Any) -> Wire:
    return {name: values for name, values in lists.items() if values}


def new_run(row: Run) -> Wire:
    """A run just created: nothing but tags has been logged yet."""
    tags = pairs((tag.key, tag.value) for tag in row.tags.all())
    return {"info": run_info(row), "data": {"tags": tags}, "inputs": {}}


def metric(key: str, value: float, is_nan: bool, timestamp: int, step: int) -> Wire:
    return {"key": key, "value": NAN if is_nan else value, "timestamp": timestamp, "step": step}


def pairs(rows: Iterable[tuple[str, str]]) -> list[Wire]:
    return [{"key": key, "value": value} for key, value in rows]


def logged_model(row: LoggedModel) -> Wire:
    """A logged model whose params, tags and metrics have been prefetched."""
    info = {
        "model_id": row.model_id,
        "experiment_id": str(row.experiment_id),
        "name": row.name,
        "creation_timestamp_ms": row.creation_timestamp,
        "last_updated_timestamp_ms": row.last_updated_timestamp,
        "artifact_uri": row.artifact_location,
        "status": row.status,
        "model_type": row.model_type,
        "source_run_id": row.source_run_id,
        "tags": pairs((tag.key, tag.value) for tag in row.tags.all()),
    }
    data = {
        "params": pairs((param.key, param.value) for param in row.params.all()),
        "metrics": [
            without_empty(
                {
                    **metric(point.key, point.value, point.is_nan, point.timestamp, point.step),
                    "dataset_name": point.dataset_name,
                    "dataset_digest": point.dataset_digest,
                    "model_id": row.model_id,
                    "run_id": point.run.uuid,
                },
                keep=("value", "step", "timestamp"),
            )
            for point in row.metrics.all()
        ],
    }
    return {"info": without_empty(info, keep=("model_type", "source_run_id")), "data": without_empty(data)}


def without_empty(values: dict[str, Any], keep: Sequence[str] = ()) -> Wire:
    """`values` but for empty texts and lists, except those to `keep`."""
    return {name: value for name, value in values.items() if value not in ("", []) or name in keep}


def history(key: str, points: Iterable[HistoryPoint], token: str) -> Wire:
    metrics = [metric(key, point.value, point.is_nan, point.timestamp, point.step) for point in points]
    return without_empty({"metrics": metrics, "next_page_token": token})


def points_of_runs(key: str, points: Iterable[tuple[str, HistoryPoint]]) -> list[Wire]:
    return [
        {**metric(key, point.value, point.is_nan, point.timestamp, point.step), "run_id": run_id}
        for run_id, point in points
    ]


def page(name: str, rows: list[Wire], next_token: str) -> Wire:
    return without_empty({name: rows, "next_page_token": next_token})
