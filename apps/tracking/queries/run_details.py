"""What belongs to a page of runs, in as many statements whatever the size of the page.

A page may hold thousands of runs with a hundred metrics each. The database writes what it shows of them as JSON, which
goes into the answer as it is; whoever needs the values reads them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db import connection

from apps.tracking.entities import Metric, Param
from apps.tracking.run_details_sql import STATEMENT


class RunDetails(msgspec.Struct, frozen=True):
    """Everything logged for one run: lists of the wire in JSON, None where there is nothing."""

    metrics: msgspec.Raw | None
    params: msgspec.Raw | None
    tags: msgspec.Raw | None
    model_inputs: msgspec.Raw | None
    model_outputs: msgspec.Raw | None
    dataset_inputs: Sequence[dict[str, Any]]

    def read_metrics(self) -> list[Metric]:
        """The latest point of each metric, by key."""
        return _METRICS.decode(self.metrics) if self.metrics else []

    def read_params(self) -> dict[str, str]:
        return _read_pairs(self.params)

    def read_tags(self) -> dict[str, str]:
        return _read_pairs(self.tags)


class _Taken(msgspec.Struct):
    """A dataset input as the database writes it: with the primary key of the dataset, which may have a megabyte."""

    dataset: int
    tags: list[dict[str, str]]


_METRICS = msgspec.json.Decoder(list[Metric], strict=False)
_PAIRS = msgspec.json.Decoder(list[Param])
_TAKEN = msgspec.json.Decoder(list[_Taken])


def details_of(runs: Sequence[int]) -> dict[int, RunDetails]:
    """Everything logged for the runs with these primary keys, by primary key."""
    rows = _rows(STATEMENT[connection.vendor], runs)
    taken = _dataset_inputs({run: _TAKEN.decode(inputs) for run, *_, inputs in rows if inputs})
    details = {}
    for run, *texts, _ in rows:
        metrics, params, tags, inputs, outputs = (msgspec.Raw(text) if text else None for text in texts)
        details[run] = RunDetails(metrics, params, tags, inputs, outputs, taken.get(run, ()))
    return details


def _read_pairs(pairs: msgspec.Raw | None) -> dict[str, str]:
    return {pair.key: pair.value for pair in _PAIRS.decode(pairs)} if pairs else {}


def _rows(statement: str, pks: Iterable[int]) -> list[tuple[Any, ...]]:
    """The rows of a statement about the rows with these primary keys, which are its one parameter."""
    keys = ",".join(map(str, pks))
    with connection.cursor() as cursor:
        cursor.execute(statement, [f"{{{keys}}}" if connection.vendor == "postgresql" else f"[{keys}]"])
        return list(cursor.fetchall())


def _dataset_inputs(taken: dict[int, list[_Taken]]) -> dict[int, list[dict[str, Any]]]:
    """As the wire has them. The same dataset, large schema and all, is read once however many runs took it."""
    if not taken:
        return {}
    datasets = _datasets({given.dataset for inputs in taken.values() for given in inputs})
    return {
        run: [{"dataset": datasets[given.dataset], **({"tags": given.tags} if given.tags else {})} for given in inputs]
        for run, inputs in taken.items()
    }


def _datasets(pks: Iterable[int]) -> dict[int, dict[str, str]]:
    chosen = (
        "id = ANY(%s::bigint[])" if connection.vendor == "postgresql" else "id IN (SELECT value FROM json_each(%s))"
    )
    statement = f"SELECT id, name, digest, source_type, source, schema, profile FROM tracking_dataset WHERE {chosen}"  # noqa: S608
    found = {}
    for pk, name, digest, source_type, source, schema, profile in _rows(statement, pks):
        optional = {key: value for key, value in (("schema", schema), ("profile", profile)) if value}
        found[pk] = {"name": name, "digest": digest, "source_type": source_type, "source": source, **optional}
    return found
