"""What the server knows of a version, in the words of a model card: what it came from, and what MLmodel says.

Names and values are other people's texts. They go in as literal text, cut to a length that a table can hold, and what
is unknown is left out.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import isnan
from typing import Any

from apps.registry.limits import CARD_SECTION
from apps.registry.models import Content, ModelVersion
from apps.tracking.choices import PRESENT
from apps.tracking.models import Run
from apps.tracking.queries.run_details import RunDetails, details_of
from mlregistry.markdown import literal

BETWEEN = "\n\n"
ROWS = 50
"""The longest table; what is beyond is counted."""
LONGEST_VALUE = 100
CONTEXT_TAG = "mlflow.data.context"
ORIGINS = {
    "mlflow.user": "Run by",
    "mlflow.source.name": "Source",
    "mlflow.source.git.repoURL": "Repository",
    "mlflow.source.git.branch": "Branch",
    "mlflow.source.git.commit": "Commit",
}
"""Tags of a run that say where it came from, with what to call them."""

Row = Sequence[object]


def first_sections(version: ModelVersion) -> dict[str, str]:
    """The sections that can be filled, with their Markdown."""
    mlmodel = Content.objects.filter(version=version).values_list("mlmodel", flat=True).first()
    run = Run.objects.filter(uuid=version.run_id, lifecycle_stage__in=PRESENT).first() if version.run_id else None
    blocks = {"intended_use": _use(mlmodel), "owner": [_cut(version.user_id)]}
    if run is not None:
        details = details_of([run.pk])[run.pk]
        blocks |= {"data": _origin(run, details), "metrics": _metrics(details)}
    return {section: text for section, found in blocks.items() if (text := _joined(found))}


def _origin(run: Run, details: RunDetails) -> list[str]:
    tags = details.read_tags()
    origin = [("Run", run.name), ("Run id", run.uuid)]
    origin += [(called, tags[tag]) for tag, called in ORIGINS.items() if tags.get(tag)]
    datasets = []
    for taken in details.dataset_inputs:
        context = next((tag["value"] for tag in taken.get("tags", ()) if tag["key"] == CONTEXT_TAG), "")
        dataset = taken["dataset"]
        datasets.append((dataset["name"], dataset["digest"], context, dataset["source_type"]))
    return [
        *_table(("Registered from", ""), origin),
        *_table(("Dataset", "Digest", "Context", "Source"), datasets),
        *_table(("Parameter", "Value"), list(details.read_params().items())),
    ]


def _metrics(details: RunDetails) -> list[str]:
    logged = details.read_metrics()
    rows = [(point.key, "NaN" if isnan(point.value) else f"{point.value:g}", point.step) for point in logged]
    return _table(("Metric", "Latest value", "Step"), rows)


def _use(mlmodel: dict[str, Any] | None) -> list[str]:
    """How the model is loaded, and what goes in and comes out: nothing of an MLmodel that could not be read."""
    if mlmodel is None or "flavors" not in mlmodel:
        return []
    flavors, signature = mlmodel["flavors"], mlmodel["signature"] or {}
    versions = [(name, settings.get(f"{name}_version", "")) for name, settings in sorted(flavors.items())]
    python = flavors.get("python_function", {}).get("python_version")
    blocks = _table(("Flavor", "Version"), versions)
    if python:
        blocks.append(f"Made with Python {_cut(python)}.")
    for title, part in (("Input", "inputs"), ("Output", "outputs"), ("Parameter of predict", "params")):
        columns = signature.get(part, ())
        blocks += _table((title, "Type"), [(column["name"], _type(column)) for column in columns])
    return blocks


def _type(column: dict[str, Any]) -> str:
    if "dtype" not in column:
        return str(column["type"])
    return f"{column['type']} of {column['dtype']}, {' x '.join(map(str, column['shape']))}"


def _table(titles: Row, rows: Sequence[Row]) -> list[str]:
    """A table of Markdown as one block; no block without rows."""
    if not rows:
        return []
    lines = [_line(titles), _line("---" for _ in titles), *(_line(map(_cut, row)) for row in rows[:ROWS])]
    more = [f"and {len(rows) - ROWS} more"] if len(rows) > ROWS else []
    return ["\n".join(lines), *more]


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _cut(value: object) -> str:
    text = str(value)
    return literal(text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…")


def _joined(blocks: Sequence[str]) -> str:
    """As many of the blocks, from the first on, as a section can hold."""
    lengths = accumulate(len(block) + len(BETWEEN) for block in blocks)
    return BETWEEN.join(block for block, length in zip(blocks, lengths, strict=True) if length <= CARD_SECTION)
