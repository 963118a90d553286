"""What was logged for runs, row by row: each row is one param, metric, tag or attribute, each of its cells one run.

The page gets the rows; files have one line, or one object, for each run.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.tracking.models import Run
from apps.tracking.queries.run_details import RunDetails
from apps.tracking.services.run_data import RUN_NAME_TAG
from apps.tracking.services.runs import LOGGED_MODELS_TAG
from mlregistry.csv import harmless
from mlregistry.wire.render import number

KEYS = 2_000
"""Rows of one kind that a page shows; a file has them all."""
SHOWN = 1_000
"""Characters of a value that a page shows. Values that differ after that are told apart all the same."""
_ATTRIBUTES_OF_TAGS = {"mlflow.source.name": "Source", "mlflow.source.git.commit": "Git commit"}
_TOLD_OTHERWISE = {RUN_NAME_TAG, LOGGED_MODELS_TAG, "mlflow.user", *_ATTRIBUTES_OF_TAGS}
_SYSTEM = "mlflow."
MILLISECONDS = 1000


@dataclass(slots=True)
class Row:
    """`cells` has a place for each run, in the order of the runs; None where nothing was logged."""

    kind: str
    """attribute, param, metric, tag, or system: a tag that clients set by themselves."""
    key: str
    cells: list[Any]
    unit: str = ""
    """Of attributes that are numbers: time (since 1970) or duration, both in ms."""
    steps: list[int | None] | None = None
    """Of metrics: at which step each value was logged."""


def rows_of(runs: Sequence[Run], details: Mapping[int, RunDetails]) -> list[Row]:
    """Kind by kind, each by key."""
    logged = [details[run.pk] for run in runs]
    params = _texts("param", [each.read_params() for each in logged])
    tags = _texts("tag", [each.read_tags() for each in logged])
    by_key = {row.key: row for row in tags}
    shown = [row for row in tags if row.key not in _TOLD_OTHERWISE]
    system = [row for row in shown if row.key.startswith(_SYSTEM)]
    for row in system:
        row.kind = "system"
    own = [row for row in shown if row.kind == "tag"]
    return [*_attributes(runs, logged, by_key), *params, *_metrics(logged), *own, *system]


def _attributes(runs: Sequence[Run], logged: Sequence[RunDetails], tags: dict[str, Row]) -> list[Row]:
    rows = [
        Row("attribute", "Experiment", [run.experiment.name for run in runs]),
        Row("attribute", "Status", [run.status for run in runs]),
        Row("attribute", "Started", [run.start_time or None for run in runs], unit="time"),
        Row("attribute", "Duration", [_duration(run) for run in runs], unit="duration"),
        Row("attribute", "User", [run.user_id or run.created_by for run in runs]),
        *(Row("attribute", name, tags[key].cells) for key, name in _ATTRIBUTES_OF_TAGS.items() if key in tags),
        Row("attribute", "Datasets", [_datasets(each.dataset_inputs) for each in logged]),
        Row("attribute", "Run id", [run.uuid for run in runs]),
    ]
    return [row for row in rows if any(cell is not None for cell in row.cells)]


def _duration(run: Run) -> int | None:
    return run.end_time - run.start_time if run.end_time and run.start_time else None


def _datasets(inputs: Iterable[dict[str, Any]]) -> str | None:
    return ", ".join(f"{taken['dataset']['name']} ({taken['dataset']['digest']})" for taken in inputs) or None


def _texts(kind: str, logged: Sequence[Mapping[str, str]]) -> list[Row]:
    rows: dict[str, Row] = {}
    for place, texts in enumerate(logged):
        for key, value in texts.items():
            if key not in rows:
                rows[key] = Row(kind, key, [None] * len(logged))
            rows[key].cells[place] = value
    return [rows[key] for key in sorted(rows)]


def _metrics(logged: Sequence[RunDetails]) -> list[Row]:
    rows: dict[str, Row] = {}
    steps: dict[str, list[int | None]] = {}
    for place, each in enumerate(logged):
        for point in each.read_metrics():
            if point.key not in rows:
                steps[point.key] = [None] * len(logged)
                rows[point.key] = Row("metric", point.key, [None] * len(logged), steps=steps[point.key])
            rows[point.key].cells[place] = number(point.value)
            steps[point.key][place] = point.step
    return [rows[key] for key in sorted(rows)]


def page_rows(rows: Iterable[Row]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """As the page's script takes them, and of how many keys of each kind there was no more room.

    A row of numbers has them one by one; a row of texts has each text once, in `values`, and `of` says which is whose.
    """
    shown: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.kind] = counts.get(row.kind, 0) + 1
        if counts[row.kind] <= KEYS:
            shown.append(_page_row(row))
    return shown, {kind: count - KEYS for kind, count in counts.items() if count > KEYS}


def _page_row(row: Row) -> dict[str, Any]:
    head: dict[str, Any] = {"kind": row.kind, "key": row.key}
    if row.kind == "metric" or row.unit:
        extra = {"steps": row.steps} if row.steps else {"unit": row.unit}
        return {**head, "numbers": row.cells, **extra}
    places: dict[str, int] = {}
    of = [None if cell is None else places.setdefault(cell, len(places)) for cell in row.cells]
    return {**head, "values": [value[:SHOWN] for value in places], "of": of}


def as_csv(runs: Sequence[Run], rows: Sequence[Row]) -> str:
    """One line for each run, one column for each thing that was logged for any of them."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["run_id", "run_name", *(harmless(_column(row)) for row in rows if row.key != "Run id")])
    for place, run in enumerate(runs):
        cells = (_csv_cell(row, row.cells[place]) for row in rows if row.key != "Run id")
        writer.writerow([run.uuid, harmless(run.name), *cells])
    return written.getvalue()


def as_objects(runs: Sequence[Run], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One object for each run, with what was logged for it by kind and key."""
    found: list[dict[str, Any]] = []
    for place, run in enumerate(runs):
        kinds: dict[str, dict[str, Any]] = {"attributes": {}, "params": {}, "metrics": {}, "tags": {}}
        for row in rows:
            if row.cells[place] is not None:
                kinds["tags" if row.kind == "system" else f"{row.kind}s"][row.key] = row.cells[place]
        found.append({"run_id": run.uuid, "run_name": run.name, **kinds})
    return found


def _column(row: Row) -> str:
    if row.kind == "attribute":
        return row.key.lower().replace(" ", "_") + ("_ms" if row.unit == "duration" else "")
    return f"{'tag' if row.kind == 'system' else row.kind}s.{row.key}"


def _csv_cell(row: Row, cell: Any) -> Any:
    if row.unit == "time" and cell:
        try:
            return datetime.fromtimestamp(cell / MILLISECONDS, tz=UTC).isoformat(timespec="seconds")
        except (OverflowError, OSError, ValueError):
            return cell
    return harmless(cell)
