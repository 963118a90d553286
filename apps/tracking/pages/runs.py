"""The page of an experiment: the table of its runs, and the parts that are fetched into it."""

from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.accounts.models import User
from apps.accounts.preferences import preference
from apps.tracking.choices import PRESENT
from apps.tracking.columns import Column, column_of, columns_of
from apps.tracking.grammars import RUNS_IN_TABLES
from apps.tracking.models import Experiment, Run, SavedView
from apps.tracking.pages.filters import complaint_about
from apps.tracking.pages.runs_table import group_rows, nested_filter, rows_of
from apps.tracking.pages.table_state import SIZES, TableState
from apps.tracking.queries.experiment_list import summaries
from apps.tracking.queries.experiments import get_experiment
from apps.tracking.queries.run_groups import MOST_GROUPS, MOST_RUNS, groups_of, in_order
from apps.tracking.queries.run_keys import RunKeys, keys_of
from apps.tracking.queries.run_search import search_runs
from apps.tracking.queries.run_values import has_orphans, newest_of
from apps.tracking.run_files import FORMATS
from mlregistry.console.page import page, show
from mlregistry.errors import NotFound
from mlregistry.levels import Level
from mlregistry.wire.keyset import Page

MOST_INSIDE = 100
"""Runs that unfold under a run or a group; the rest is one click away."""
MOST_VIEWS = 200
"""Saved views that the menu names; others are found by their addresses."""
DEEPEST = 6
"""Levels of nesting that are drawn; what lies deeper stands as far to the right as these."""
ROOTS = "tags.`mlflow.parentRunId` IS NULL"


@page(requires=Level.READ)
def experiment(request: HttpRequest, pk: int) -> HttpResponse:
    """The runs of an experiment. What of them and how, the address says: see `TableState`."""
    held, state = experiment_for(request, pk), TableState.of(request.GET)
    keys = keys_of(held)
    columns = columns_for(reader(request), held, state, keys)
    complaint = complaint_about(state.filter)
    context: dict[str, Any] = {}
    if complaint is None:
        whole = replace(state, columns=columns)
        context = _groups(request, held, whole) if state.group else _runs(request, held, whole)
        context["whole"] = whole.but()
    known = summaries([held.pk])[held.pk]
    return show(
        request,
        "tracking/runs.html",
        title=held.name,
        crumbs=[(reverse("experiments"), "Experiments")],
        experiment=held,
        known=known,
        state=state,
        columns=columns,
        heads=[(column, state.sorted_by(column), state.direction(column)) for column in columns],
        name_head=(state.sorted_by(_NAME), state.direction(_NAME)),
        charted=[column for column in columns if column.is_number],
        groupable=_groupable(keys, state),
        complaint=complaint,
        views=_views(reader(request), held),
        links=_links(state),
        sizes=SIZES,
        formats=list(FORMATS),
        may_edit=_level(held) >= Level.EDIT,
        may_manage=_level(held) >= Level.MANAGE,
        address=request.build_absolute_uri("/").rstrip("/"),
        quoted=_as_python(held.name),
        **context,
    )


_NAME = Column("attributes", "run_name")


@page(requires=Level.READ)
def rows(request: HttpRequest, pk: int) -> HttpResponse:
    """What unfolds under a run (`parent`) or a group (the filter says which): rows of the table."""
    held, state = experiment_for(request, pk), TableState.of(request.GET)
    columns = columns_for(reader(request), held, state, None)
    parent = request.GET.get("parent", "")
    if parent:
        state = replace(state, filter=nested_filter(parent if parent.isalnum() else ""))
    depth = request.GET.get("depth", "")
    found = _search(request, held, state, state.filter, MOST_INSIDE)
    return show(
        request,
        "tracking/runs_inside.html",
        rows=rows_of(held, found.rows, columns, state, folded=bool(parent), inside=bool(parent)),
        experiment=held,
        inside=request.GET.get("inside", "")[:64],
        depth=int(depth) if depth in map(str, range(1, DEEPEST + 1)) else DEEPEST,
        whole=state.query,
        more=state.query if found.next_page_token else "",
        width=len(columns) + 2,
    )


@page(requires=Level.READ)
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows of `run`s that were not finished when they were written last, and whether there are newer ones."""
    held, state = experiment_for(request, pk), TableState.of(request.GET)
    columns = columns_for(reader(request), held, state, None)
    asked = request.GET.getlist("run")[: max(SIZES)]
    unfinished = Run.objects.filter(experiment=held, uuid__in=[uuid for uuid in asked if uuid.isalnum()])
    found = list(unfinished.filter(lifecycle_stage__in=PRESENT))
    written = rows_of(held, found, columns, state, folded=state.is_folded)
    newest = request.GET.get("newest", "")
    return show(
        request,
        "tracking/runs_live.html",
        rows=written,
        experiment=held,
        whole=state.query,
        unfinished=[row.uuid for row in written if row.is_unfinished],
        newest=newest,
        is_behind=bool(newest) and newest_of(held) != newest,
    )


def experiment_for(request: HttpRequest, pk: int, at_least: Level = Level.READ) -> Experiment:
    return get_experiment(reader(request), str(pk), at_least=at_least)


def columns_for(user: User, experiment: Experiment, state: TableState, keys: RunKeys | None) -> tuple[Column, ...]:
    """Those of the address; else those that the person chose last for this experiment; else the most used."""
    chosen = state.columns or columns_of(preference(user, remembered_as(experiment), []))
    return chosen or (keys or keys_of(experiment)).default_columns()


def remembered_as(experiment: Experiment) -> str:
    return f"runs-columns-{experiment.pk}"


def _runs(request: HttpRequest, held: Experiment, state: TableState) -> dict[str, Any]:
    found = _search(request, held, state, ROOTS if state.is_folded else state.filter, state.size)
    written = rows_of(held, found.rows, state.columns, state, folded=state.is_folded)
    orphans = state.is_folded and has_orphans(held)
    return {
        "rows": written,
        "next_page": replace(state, page=found.next_page_token).query if found.next_page_token else "",
        "beyond": bool(found.next_page_token or state.page or orphans or any(row.nested for row in written)),
        "orphans": orphans,
        "unfinished": (unfinished := [row.uuid for row in written if row.is_unfinished]),
        "newest": newest_of(held) if unfinished and not (state.filter or state.view or state.page) else "",
    }


def _groups(request: HttpRequest, held: Experiment, state: TableState) -> dict[str, Any]:
    by = column_of(state.group)
    if by is None:
        raise NotFound("There is no such column.")
    found = _search(request, held, replace(state, sort="", page=""), state.filter, MOST_RUNS)
    groups = groups_of([run.id for run in found.rows], by, state.columns)
    groups = in_order(groups, column_of(state.sort.removeprefix("-")), descending=state.sort.startswith("-"))
    return {
        "groups": group_rows(groups[:MOST_GROUPS], by, state.columns, state),
        "by": by,
        "beyond": True,
        "gathered": len(found.rows) if found.next_page_token else 0,
        "left_out": max(0, len(groups) - MOST_GROUPS),
    }


def _search(request: HttpRequest, held: Experiment, state: TableState, filter_text: str, limit: int) -> "Page[Any]":
    return search_runs(
        reader(request),
        experiment_ids=[str(held.pk)],
        filter_text=filter_text,
        view=state.stages,
        order_by=state.order_by,
        max_results=limit,
        page_token=state.page,
        orders=RUNS_IN_TABLES,
    )


def _links(state: TableState) -> dict[str, str]:
    """The queries of tables one click away."""
    return {
        "active": state.but(view=""),
        "deleted": state.but(view="deleted", flat=False),
        "flat": state.but(flat=not state.flat),
        "all": TableState(columns=state.columns, view=state.view).query,
        "first": state.but(),
    }


def _groupable(keys: RunKeys, state: TableState) -> list[tuple[str, str]]:
    """Params by which grouping says something, and what the table is grouped by."""
    found = {f"params.{key.name}": key.name for key in keys.params}
    found |= {f"tags.{key.name}": f"tag {key.name}" for key in keys.tags if not key.name.startswith("mlflow.")}
    by = column_of(state.group)
    if by is not None:
        found.setdefault(by.id, by.key)
    return list(found.items())


def _views(user: User, held: Experiment) -> list[SavedView]:
    """One's own first."""
    saved = SavedView.objects.filter(experiment=held).annotate(is_own=Q(created_by=user.username))
    return list(saved.order_by("-is_own", "name", "pk")[:MOST_VIEWS])


def _level(experiment: Experiment) -> int:
    """What whoever asked holds on it: the look-up that found it tells."""
    return int(getattr(experiment, "level", Level.NO_PERMISSIONS))


def _as_python(name: str) -> str:
    return repr(name[:200])
