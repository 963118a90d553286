"""The runs of a table as a file: all that match, or those that were chosen.

Few are sent at once; of many a job writes the file, which is fetched from here when it is whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from apps.accounts.granted_admin import MOST_AT_ONCE, reader
from apps.jobs.pages.jobs import started
from apps.tracking.artifacts.downloads import file_response
from apps.tracking.models import Experiment
from apps.tracking.pages.run_actions import are_all_chosen, chosen_runs
from apps.tracking.pages.runs import experiment_for
from apps.tracking.pages.runs_table import narrowed
from apps.tracking.pages.table_state import TableState
from apps.tracking.queries import run_records
from apps.tracking.queries.run_keys import every_key_of
from apps.tracking.queries.run_records import WantedRuns
from apps.tracking.run_files import FORMATS, RunRecord
from apps.tracking.services.exports import MOST_KEYS, file_name, place_of_export, request_export
from mlregistry.console.page import page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

MOST_AT_ONCE_SENT = 5_000
"""Runs that are sent while the asker waits: a few seconds' worth."""


@page(requires=Level.READ, methods=("GET", "HEAD", "POST"))
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """A POST for all that match or what is chosen; in the table's order, everything that they logged.

    A GET is the same for all that match, but begins nothing: of many it says how many and asks.
    """
    experiment = experiment_for(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    name = asked.get("format", "csv")
    if name not in FORMATS:
        raise InvalidParameter(f"Runs can be exported as {', '.join(FORMATS)}.")
    state = TableState.of(request.GET)
    if request.method == "POST":
        state = TableState.written_as(asked.get("state", ""))
    shown = state
    if request.method == "POST" and not are_all_chosen(request):
        shown = replace(state, filter=_chosen_alone(request))
    wanted = WantedRuns(experiment.pk, shown.filter, shown.stages.value, tuple(shown.order_by))
    batches = wanted.batches(lambda: reader(request))
    first = next(batches, [])  # what is wrong with the filter is told before anything is sent
    if len(first) == run_records.BATCH and wanted.are_more_than(MOST_AT_ONCE_SENT, reader(request)):
        return _asked(request, experiment, wanted, name, state)
    return _sent(experiment, name, first, batches)


@page(requires=Level.READ)
def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file that the job `pk` has written."""
    return file_response(request, place_of_export(reader(request), pk))


def _asked(
    request: HttpRequest, experiment: Experiment, wanted: WantedRuns, name: str, state: TableState
) -> HttpResponse:
    """A job that writes the file, or the question whether that is meant."""
    table = f"{reverse('experiment', args=[experiment.pk])}?{state.but()}".rstrip("?")
    if request.method == "POST":
        return started(request, request_export(wanted=wanted, name=name, address=table, by=page_actor(request)))
    return show(
        request,
        "tracking/runs_export.html",
        title=f"Export {wanted.count(reader(request)):,} runs?",
        crumbs=[(reverse("experiments"), "Experiments"), (table, experiment.name)],
        state=state,
        format=name,
        table=table,
    )


def _sent(
    experiment: Experiment, name: str, first: Sequence[RunRecord], rest: Iterator[Sequence[RunRecord]]
) -> HttpResponse:
    media_type, write = FORMATS[name]
    keys = every_key_of(experiment, MOST_KEYS)
    answer = StreamingHttpResponse(write(_all(first, rest), keys), content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{file_name(experiment.pk, name)}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", answer)


def _chosen_alone(request: HttpRequest) -> str:
    """The filter for the runs that were chosen."""
    chosen = chosen_runs(request)[:MOST_AT_ONCE]
    if not chosen:
        raise InvalidParameter("No run is chosen.")
    ids = ", ".join(f"'{uuid}'" for uuid in chosen)
    return narrowed("", f"attributes.run_id IN ({ids})")


def _all(first: Sequence[RunRecord], rest: Iterator[Sequence[RunRecord]]) -> Iterator[Sequence[RunRecord]]:
    if first:
        yield first
    yield from rest
