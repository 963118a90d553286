"""The statement that reads what was logged for runs: as JSON of the wire, which then needs neither parsing nor writing.

It answers with a row for each run: its primary key, then for each of `LISTS` a list in JSON, or null for an empty one.

On PostgreSQL it is a function. A session keeps the plan of a function by itself, whatever pooler stands in between, and
to plan this statement takes longer than to answer it. A migration that changes it ends with `install`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

TEXT, WHOLE, DOUBLE, JSON = "text", "whole", "double", "json"

_AS_JSON = {
    # A double that is whole gets its point, without which a reader would take it for an integer.
    "postgresql": {
        TEXT: "to_json({0})::text",
        WHOLE: "{0}",
        DOUBLE: (
            "CASE WHEN is_nan THEN '\"NaN\"' WHEN {0} = floor({0}) AND abs({0}) < 1e15 THEN {0}::text || '.0'"
            " ELSE {0}::text END"
        ),
        JSON: "{0}",
    },
    # What SQLite itself makes of a double is not always the same double when it is read again.
    "sqlite": {
        TEXT: "{0}",
        WHOLE: "{0}",
        DOUBLE: "json(CASE WHEN is_nan THEN '\"NaN\"' ELSE shortest_double({0}) END)",
        JSON: "json({0})",
    },
}


class Listed(NamedTuple):
    """What a list holds: the kind of each field of an item, and the rows, whose columns are called as the fields."""

    fields: Mapping[str, str]
    rows: str


_PAIR = {"key": TEXT, "value": TEXT}
_INPUT_TAGS = Listed(_PAIR, "SELECT key, value FROM tracking_inputtag WHERE input_id = i.id ORDER BY id")
LISTS = {
    "metrics": Listed(
        {"key": TEXT, "value": DOUBLE, "timestamp": WHOLE, "step": WHOLE},
        "SELECT k.name AS key, m.value, m.is_nan, m.timestamp, m.step FROM tracking_latestmetric m"
        " JOIN tracking_metrickey k ON k.id = m.key_id WHERE m.run_id = run.value ORDER BY k.name",
    ),
    "params": Listed(_PAIR, "SELECT key, value FROM tracking_param WHERE run_id = run.value ORDER BY key"),
    "tags": Listed(_PAIR, "SELECT key, value FROM tracking_runtag WHERE run_id = run.value ORDER BY key"),
    "model_inputs": Listed(
        {"model_id": TEXT},
        "SELECT m.model_id FROM tracking_modelinput i JOIN tracking_loggedmodel m ON m.id = i.model_id"
        " WHERE i.run_id = run.value ORDER BY i.id",
    ),
    "model_outputs": Listed(
        {"model_id": TEXT, "step": WHOLE},
        "SELECT m.model_id, o.step FROM tracking_modeloutput o JOIN tracking_loggedmodel m ON m.id = o.model_id"
        " WHERE o.run_id = run.value ORDER BY o.id",
    ),
    "dataset_inputs": Listed(
        {"dataset": WHOLE, "tags": JSON},
        "SELECT i.dataset_id AS dataset, COALESCE({input_tags}, '[]') AS tags FROM tracking_datasetinput i"
        " WHERE i.run_id = run.value ORDER BY i.id",
    ),
}


def _item(fields: Mapping[str, str], vendor: str) -> str:
    """An object of JSON; PostgreSQL's function for it is slower than putting it together."""
    values = {name: _AS_JSON[vendor][kind].format(name) for name, kind in fields.items()}
    if vendor == "sqlite":
        named = ", ".join(f"'{name}', {value}" for name, value in values.items())
        return f"json_object({named})"
    parts = " || ',".join(f'"{name}":\' || {value}' for name, value in values.items())
    return f"'{{{parts} || '}}'"


def _list(listed: Listed, vendor: str) -> str:
    rows = listed.rows.format(input_tags=_list(_INPUT_TAGS, vendor)) if JSON in listed.fields.values() else listed.rows
    joined = {"postgresql": "string_agg", "sqlite": "group_concat"}[vendor]
    return f"(SELECT '[' || {joined}({_item(listed.fields, vendor)}, ',') || ']' FROM ({rows}) listed)"  # noqa: S608


def _select(runs: str, vendor: str) -> str:
    lists = ", ".join(_list(listed, vendor) for listed in LISTS.values())
    return f"SELECT run.value, {lists} FROM {runs}"  # noqa: S608  in our own words


# Without the two settings it would be planned anew for a single run, and rows that an index has in order be sorted.
_INSTALL = f"""
create function tracking_run_details(runs bigint[])
returns table (run bigint, {", ".join(f"{name} text" for name in LISTS)})
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_bitmapscan = off as $$
#variable_conflict use_column
begin return query {_select("unnest(runs) AS run(value)", "postgresql")}; end $$
"""
_REMOVE = "drop function if exists tracking_run_details(bigint[])"

STATEMENT = {
    "postgresql": "SELECT * FROM tracking_run_details(%s::bigint[])",
    "sqlite": _select("json_each(%s) AS run", "sqlite"),
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the function in place where the database needs one."""
    remove(connection)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_INSTALL)


def remove(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE)


@receiver(connection_created)
def _lend_functions(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("shortest_double", 1, repr, deterministic=True)
