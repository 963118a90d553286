"""The runs of a table as a file: all that match, or those that were chosen."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from apps.accounts.granted_admin import MOST_AT_ONCE, reader
from apps.accounts.models import User
from apps.tracking.grammars import RUNS_IN_TABLES
from apps.tracking.models import Experiment
from apps.tracking.pages.run_actions import are_all_chosen, chosen_runs
from apps.tracking.pages.runs import experiment_for
from apps.tracking.pages.runs_table import narrowed
from apps.tracking.pages.table_state import TableState
from apps.tracking.queries.run_details import RunDetails, details_of
from apps.tracking.queries.run_keys import every_key_of
from apps.tracking.queries.run_search import search_runs
from apps.tracking.run_files import FORMATS, RunRecord
from mlregistry.console.page import page
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.templatetags.console import as_datetime

BATCH = 500
MOST_KEYS = 2_000
"""Columns of one kind; what is beyond is in the JSON alone."""


@page(requires=Level.READ, methods=("GET", "HEAD", "POST"))
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """A GET for all that match, a POST for what is chosen; in the table's order, everything that they logged."""
    experiment = experiment_for(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    name = asked.get("format", "csv")
    if name not in FORMATS:
        raise InvalidParameter(f"Runs can be exported as {', '.join(FORMATS)}.")
    media_type, write = FORMATS[name]
    state = TableState.of(request.GET)
    if request.method == "POST":
        state = TableState.written_as(asked.get("state", ""))
        if not are_all_chosen(request):
            state = replace(state, filter=_chosen_alone(request))
    batches = _batches(reader(request), experiment, state)
    first = next(batches, [])  # what is wrong with the filter is told before anything is sent
    keys = every_key_of(experiment, MOST_KEYS)
    answer = StreamingHttpResponse(write(_all(first, batches), keys), content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="experiment-{experiment.pk}-runs.{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", answer)


def _chosen_alone(request: HttpRequest) -> str:
    """The filter for the runs that were chosen."""
    chosen = chosen_runs(request)[:MOST_AT_ONCE]
    if not chosen:
        raise InvalidParameter("No run is chosen.")
    ids = ", ".join(f"'{uuid}'" for uuid in chosen)
    return narrowed("", f"attributes.run_id IN ({ids})")


def _batches(user: User, experiment: Experiment, state: TableState) -> Iterator[Sequence[RunRecord]]:
    token = ""
    while True:
        found = search_runs(
            user,
            experiment_ids=[str(experiment.pk)],
            filter_text=state.filter,
            view=state.stages,
            order_by=state.order_by,
            max_results=BATCH,
            page_token=token,
            orders=RUNS_IN_TABLES,
        )
        details = details_of([run.id for run in found.rows])
        if found.rows:
            yield [_record(run, details[run.id]) for run in found.rows]
        token = found.next_page_token
        if not token:
            return


def _all(first: Sequence[RunRecord], rest: Iterator[Sequence[RunRecord]]) -> Iterator[Sequence[RunRecord]]:
    if first:
        yield first
    yield from rest


def _record(run: Any, details: RunDetails) -> RunRecord:
    return RunRecord(
        attributes={
            "run_id": run.uuid,
            "run_name": run.name,
            "status": run.status,
            "start_time": as_datetime(run.start_time),
            "end_time": as_datetime(run.end_time),
            "user_id": run.user_id,
            "artifact_uri": run.artifact_uri,
        },
        metrics={point.key: point.value for point in details.read_metrics()},
        params=details.read_params(),
        tags=details.read_tags(),
    )
