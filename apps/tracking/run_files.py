"""Runs as files: CSV, JSON and Parquet, written piece by piece, however many there are."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlregistry.csv import harmless

ATTRIBUTES = ("run_id", "run_name", "status", "start_time", "end_time", "user_id", "artifact_uri")
_TIMES = ("start_time", "end_time")

Keys = Mapping[str, Sequence[str]]
"""The keys of metrics, params and tags that become columns, by "metrics", "params" and "tags"."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    attributes: dict[str, Any]
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]


def csv_of(batches: Iterable[Sequence[RunRecord]], keys: Keys) -> Iterator[bytes]:
    """A line for each run; columns are named as in the table: `metrics.loss`."""
    yield _lines([_names(keys)])
    for batch in batches:
        yield _lines([_cells(record, keys) for record in batch])


def json_of(batches: Iterable[Sequence[RunRecord]], keys: Keys) -> Iterator[bytes]:
    """A list of runs, each with everything that it logged; NaN, for which JSON has no word, as a text."""
    yield b"["
    begun = False
    for batch in batches:
        for record in batch:
            yield (b",\n" if begun else b"\n") + json.dumps(_plain(record), ensure_ascii=False).encode()
            begun = True
    yield b"\n]\n"


def parquet_of(batches: Iterable[Sequence[RunRecord]], keys: Keys) -> Iterator[bytes]:
    """A row group for each batch; metrics are numbers, params and tags texts, times timestamps."""
    import pyarrow as pa  # noqa: PLC0415  40 MB, which few processes need
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    types = [pa.timestamp("ms", tz="UTC") if name in _TIMES else pa.string() for name in ATTRIBUTES]
    types += [pa.float64()] * len(keys["metrics"]) + [pa.string()] * (len(keys["params"]) + len(keys["tags"]))
    schema = pa.schema(list(zip(_names(keys), types, strict=True)))
    written = io.BytesIO()
    with pq.ParquetWriter(written, schema) as writer:
        for batch in batches:
            columns = zip(*(_values(record, keys) for record in batch), strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))
            yield _taken(written)
    yield _taken(written)


FORMATS: dict[str, tuple[str, Callable[[Iterable[Sequence[RunRecord]], Keys], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_of),
    "json": ("application/json", json_of),
    "parquet": ("application/vnd.apache.parquet", parquet_of),
}
"""Media type and writer of each."""


def _names(keys: Keys) -> list[str]:
    return [*ATTRIBUTES, *(f"{prefix}.{key}" for prefix in ("metrics", "params", "tags") for key in keys[prefix])]


def _values(record: RunRecord, keys: Keys) -> list[Any]:
    return [
        *(record.attributes[name] for name in ATTRIBUTES),
        *(record.metrics.get(key) for key in keys["metrics"]),
        *(record.params.get(key) for key in keys["params"]),
        *(record.tags.get(key) for key in keys["tags"]),
    ]


def _cells(record: RunRecord, keys: Keys) -> list[Any]:
    return [_cell(value) for value in _values(record, keys)]


def _cell(value: Any) -> Any:
    return _moment(value) if isinstance(value, datetime) else harmless(value)


def _plain(record: RunRecord) -> dict[str, Any]:
    attributes = {
        name: _moment(value) if isinstance(value, datetime) else value for name, value in record.attributes.items()
    }
    metrics = {key: "NaN" if math.isnan(value) else value for key, value in record.metrics.items()}
    return {**attributes, "metrics": metrics, "params": record.params, "tags": record.tags}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _taken(written: io.BytesIO) -> bytes:
    """What was written since the last time. The writer only ever appends, and keeps count by itself of where it is."""
    taken = written.getvalue()
    written.seek(0)
    written.truncate()
    return taken
