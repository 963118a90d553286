"""The rows of a table of runs, ready to be written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.tracking.choices import Lifecycle
from apps.tracking.clock import now_ms
from apps.tracking.columns import Column
from apps.tracking.models import Experiment
from apps.tracking.models.runs import PARENT_TAG
from apps.tracking.pages.table_state import DELETED, TableState
from apps.tracking.queries.run_groups import Group, Spread
from apps.tracking.queries.run_values import RunValues, names_of, nested_in, values_of
from mlregistry.templatetags.console import badge, duration, number, when

LONGEST_QUOTED = 1_000
_UNFINISHED = ("RUNNING", "SCHEDULED")
_SHORT = 30
"""Characters that a cell shows whole."""


class FoundRun(Protocol):
    """What a search finds of a run."""

    @property
    def id(self) -> int: ...
    @property
    def uuid(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def start_time(self) -> int: ...
    @property
    def end_time(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Cell:
    css: str
    content: SafeString | str


@dataclass(frozen=True, slots=True)
class Row:
    uuid: str
    name: str
    cells: list[Cell]
    is_unfinished: bool
    nested: int = 0
    """How many runs are nested in it, where they are folded."""
    narrower: str = ""
    """The query of the table that holds those alone."""
    parent: str = ""
    """The name of the run that it is nested in, where that is not seen otherwise."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    title: str | None
    runs: int
    cells: list[Cell]
    narrower: str
    """The query of the table that holds its runs alone; empty where the search language cannot say it."""


def rows_of(
    experiment: Experiment,
    runs: Sequence[FoundRun],
    columns: Sequence[Column],
    state: TableState,
    *,
    folded: bool = False,
    inside: bool = False,
) -> list[Row]:
    """`folded` says that what is nested in them waits under them, `inside` that they are shown below their parent."""
    values = values_of([run.id for run in runs], columns)
    uuids = [run.uuid for run in runs]
    stage = Lifecycle.DELETED if state.view == DELETED else Lifecycle.ACTIVE
    nested = nested_in(experiment, uuids, stage) if folded else {}
    parents = {run.id: values.tags[run.id].get(PARENT_TAG, "")[:32] for run in runs}
    told = {parent for parent in parents.values() if parent} if not inside else set()
    names = names_of(experiment, told) if told else {}
    now = now_ms()
    return [
        Row(
            uuid=run.uuid,
            name=run.name or run.uuid,
            cells=[_cell(run, column, values, now) for column in columns],
            is_unfinished=run.status in _UNFINISHED,
            nested=nested.get(run.uuid, 0),
            narrower=state.but(filter=nested_filter(run.uuid)) if run.uuid in nested else "",
            parent=names.get(parents[run.id], ""),
        )
        for run in runs
    ]


def group_rows(groups: Sequence[Group], by: Column, columns: Sequence[Column], state: TableState) -> list[GroupRow]:
    rows = []
    for group in groups:
        clause = value_clause(by, group.value)
        narrower = state.but(filter=narrowed(state.filter, clause), group="") if clause else ""
        cells = [
            _spread_cell(group.metrics.get(column.key)) if column.is_number else Cell("", "") for column in columns
        ]
        rows.append(GroupRow(group.value, group.runs, cells, narrower))
    return rows


def narrowed(filter_text: str, clause: str) -> str:
    """The filter for what matches both; a clause that ends in a text comes last, where no quote can be taken wrong."""
    return f"{filter_text} AND {clause}" if filter_text else clause


def nested_filter(uuid: str) -> str:
    return f"tags.`{PARENT_TAG}` = '{uuid}'"


def value_clause(column: Column, value: str | None) -> str:
    """The comparison that holds for exactly this value; empty where the search language cannot spell it."""
    if not column.reference:
        return ""
    if value is None:
        return f"{column.reference} IS NULL"
    quote = next((quote for quote in "'\"" if quote not in value), "")
    return f"{column.reference} = {quote}{value}{quote}" if quote and len(value) <= LONGEST_QUOTED else ""


def _cell(run: FoundRun, column: Column, values: RunValues, now: int) -> Cell:
    match column.prefix:
        case "metrics":
            return Cell("number", number(values.metrics[run.id].get(column.key)))
        case "params":
            return _text(values.params[run.id].get(column.key, ""))
        case "tags":
            return _text(values.tags[run.id].get(column.key, ""))
    return _ATTRIBUTES[column.key](run, now)


def _taken(run: FoundRun, now: int) -> Cell:
    end = run.end_time or (now if run.status in _UNFINISHED else None)
    return Cell("number", duration(end - run.start_time if end and run.start_time else None))


_ATTRIBUTES: dict[str, Callable[[FoundRun, int], Cell]] = {
    "status": lambda run, _: Cell("", badge(run.status.lower())),
    "start_time": lambda run, _: Cell("", when(run.start_time)),
    "end_time": lambda run, _: Cell("", when(run.end_time, otherwise="")),
    "duration": _taken,
    "run_id": lambda run, _: Cell("mono", run.uuid),
    "user_id": lambda run, _: _text(run.user_id),
}


def _text(value: str) -> Cell:
    if len(value) <= _SHORT:
        return Cell("", format_html("<bdi>{}</bdi>", value))
    return Cell("clip", format_html('<bdi title="{}">{}</bdi>', value, value[: 2 * _SHORT]))


def _spread_cell(spread: Spread | None) -> Cell:
    if spread is None:
        return Cell("number", "")
    if spread.least == spread.most:
        return Cell("number", number(spread.least))
    parts = (number(value) for value in (spread.mean, spread.least, spread.most))
    return Cell("number", format_html('{} <span class="spread">{} … {}</span>', *parts))
