"""Searching runs.

The statement is made by hand: as a queryset it takes longer to build than the database takes to answer it.
"""

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import NamedTuple

from django.db import connection

from apps.accounts.models import User
from apps.tracking.choices import STAGES_OF_VIEW
from apps.tracking.columns import DURATION
from apps.tracking.grammars import RUNS
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.keys import NO_SUCH_KEY, key_id
from apps.tracking.rules import experiment_pk
from mlregistry.conditions import Compared, Condition, Held, Measured
from mlregistry.wire.keyset import Page, Statement, Term, select_page
from mlregistry.wire.schema import ViewType
from mlregistry.wire.search import Comparison, Grammar, Ordering, parse_filter, parse_order_by
from mlregistry.wire.sql import Sql, among, concatenated

DATASET_CONTEXT_TAG = "mlflow.data.context"
_ATTRIBUTES = {
    "run_id": "uuid",
    "run_name": "name",
    "status": "status",
    "user_id": "user_id",
    "artifact_uri": "artifact_uri",
    "start_time": "start_time",
    "end_time": "end_time",
}
# Runs whose times say nothing come last, as those that still go on. The index `run_longest` has the same expression.
_TAKEN = "CASE WHEN r.start_time > 0 AND r.end_time >= r.start_time THEN r.end_time - r.start_time END"
_DATASET_COLUMNS = {"name": "d.name", "digest": "d.digest"}
_INPUTS = (
    "tracking_datasetinput s JOIN tracking_dataset d ON d.id = s.dataset_id"
    " LEFT JOIN tracking_inputtag t ON t.input_id = s.id WHERE s.run_id = {}"
)


class FoundRun(NamedTuple):
    """What a page shows of a run itself, under the names of `Run`."""

    id: int
    uuid: str
    experiment_id: int
    name: str
    user_id: str
    status: str
    start_time: int
    end_time: int | None
    lifecycle_stage: str
    artifact_uri: str


_COLUMNS = ", ".join(f"r.{name}" for name in FoundRun._fields)  # noqa: SLF001  a named tuple's own way


def search_runs(
    user: User,
    *,
    experiment_ids: Sequence[str],
    filter_text: str,
    view: ViewType,
    order_by: Sequence[str],
    max_results: int,
    page_token: str,
    orders: Grammar = RUNS,
) -> Page[FoundRun]:
    """One page of the runs in these experiments that the user may read; `orders` says by what they can be ordered."""
    conditions = [_condition(comparison) for comparison in parse_filter(filter_text, RUNS)]
    orderings = parse_order_by(order_by, orders)
    kept = _kept(user, experiment_ids, conditions, view)
    joins, terms = _ordered(orderings)
    return select_page(
        Statement(
            columns=_COLUMNS,
            source=concatenated([Sql("tracking_run r"), *joins]),
            condition=kept,
            row=FoundRun,
        ),
        terms=terms,
        limit=max_results,
        token=page_token,
        question=["runs", sorted(experiment_ids), filter_text, view, list(order_by)],
    )


def count_runs(user: User, *, experiment_ids: Sequence[str], filter_text: str, view: ViewType, newest: int) -> int:
    """How many a search finds, of runs whose primary key is at most `newest`; for work that has the time to count."""
    conditions = [_condition(comparison) for comparison in parse_filter(filter_text, RUNS)]
    kept = _kept(user, experiment_ids, conditions, view) & Sql("r.id <= %s", (newest,))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM tracking_run r WHERE {kept.text}", kept.parameters)  # noqa: S608  ours
        return int(cursor.fetchone()[0])


def match_more_than(most: int, user: User, *, experiment_ids: Sequence[str], filter_text: str, view: ViewType) -> bool:
    """Whether a search finds more than so many; it counts no further."""
    conditions = [_condition(comparison) for comparison in parse_filter(filter_text, RUNS)]
    kept = _kept(user, experiment_ids, conditions, view)
    counted = f"SELECT COUNT(*) FROM (SELECT 1 FROM tracking_run r WHERE {kept.text} LIMIT %s) found"  # noqa: S608  ours
    with connection.cursor() as cursor:
        cursor.execute(counted, (*kept.parameters, most + 1))
        return int(cursor.fetchone()[0]) > most


def _kept(user: User, experiment_ids: Sequence[str], conditions: Sequence[Condition], view: ViewType) -> Sql:
    found = [
        among("r.experiment_id", {experiment_pk(experiment_id) for experiment_id in experiment_ids}),
        among("r.lifecycle_stage", STAGES_OF_VIEW[view]),
        EXPERIMENT_GRANTS.held_sql("r.experiment_id", user),
        *(condition.about("r", connection.vendor) for condition in conditions),
    ]
    return reduce(and_, found)


def _condition(comparison: Comparison) -> Condition:
    key = comparison.key
    match comparison.kind:
        case "metric":
            side = "tracking_latestmetric s WHERE s.run_id = {} AND s.key_id = %s"
            return Measured(side, [key_id(key) or NO_SUCH_KEY], "s.value", comparison)
        case "param":
            return Held("tracking_param s WHERE s.run_id = {} AND s.key = %s", [key], "s.value", comparison)
        case "tag":
            return Held("tracking_runtag s WHERE s.run_id = {} AND s.key = %s", [key], "s.value", comparison)
        case "dataset" if key == "context":
            return Held(f"{_INPUTS} AND t.key = %s", [DATASET_CONTEXT_TAG], "t.value", comparison)
        case "dataset":
            return Held(_INPUTS, [], _DATASET_COLUMNS[key], comparison)
    return Compared(_ATTRIBUTES[key], comparison)


def _ordered(orderings: Sequence[Ordering]) -> tuple[list[Sql], list[Term]]:
    """What is joined to the runs to order them, and the order: newest first, then by id, where nothing else decides."""
    joins: list[Sql] = []
    terms: list[Term] = []
    for number, ordering in enumerate(orderings):
        if ordering.kind == "attribute":
            terms.append(_attribute_term(ordering))
            continue
        name = f"o{number}"
        joins.append(_joined(name, ordering))
        is_metric = ordering.kind == "metric"
        terms.append(
            Term(
                f"{name}.value",
                float if is_metric else str,
                ascending=ordering.ascending,
                nullable=True,
                incomparable=f"{name}.is_nan" if is_metric else None,
            )
        )
    # A term that repeats a field changes nothing, so these need not look whether the order names them.
    terms += [Term("r.start_time", int, ascending=False), Term("r.uuid", str)]
    return joins, terms


def _attribute_term(ordering: Ordering) -> Term:
    if ordering.key == DURATION:
        return Term(_TAKEN, int, ascending=ordering.ascending, nullable=True)
    name = _ATTRIBUTES[ordering.key]
    holds = int if name in ("start_time", "end_time") else str
    return Term(f"r.{name}", holds, ascending=ordering.ascending, nullable=name == "end_time")


def _joined(name: str, ordering: Ordering) -> Sql:
    """The one row of a run's metrics, params or tags that has the key, if there is one."""
    if ordering.kind == "metric":
        key: tuple[int | str] = (key_id(ordering.key) or NO_SUCH_KEY,)
        return Sql(f"LEFT JOIN tracking_latestmetric {name} ON {name}.run_id = r.id AND {name}.key_id = %s", key)
    table = "tracking_param" if ordering.kind == "param" else "tracking_runtag"
    return Sql(f"LEFT JOIN {table} {name} ON {name}.run_id = r.id AND {name}.key = %s", (ordering.key,))
