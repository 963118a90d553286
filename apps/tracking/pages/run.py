"""The page of a run: what it was given, what came of it, and what that was made of."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.accounts.granted_admin import reader
from apps.tracking.choices import RunStatus
from apps.tracking.clock import now_ms
from apps.tracking.models import LatestMetric, Run
from apps.tracking.pages.reproduce import commit_address, reproduction
from apps.tracking.queries import run_page as queries
from apps.tracking.queries.runs import get_run
from mlregistry.console.page import page, show
from mlregistry.console.registry import panels
from mlregistry.levels import Level
from mlregistry.markdown import rendered

NOTE_TAG = "mlflow.note.content"
SYSTEM_TAGS = "mlflow."
LINES = 300
"""Params or metrics that are shown unless all are asked for."""


def get_page_run(request: HttpRequest, uuid: str, *, at_least: Level = Level.READ) -> Run:
    return get_run(reader(request), uuid.replace("\0", ""), at_least=at_least)


def frame(run: Run, tab: str) -> dict[str, Any]:
    """What every tab of a run shows above its own."""
    level = Level(run.level)  # type: ignore[attr-defined]  # annotated by get_run
    is_running = run.status == RunStatus.RUNNING.value
    ended = run.end_time or (now_ms() if is_running else None)
    return {
        "run": run,
        "tab": tab,
        "title": run.name or run.uuid,
        "crumbs": [
            ("/admin/experiments/", "Experiments"),
            (f"/admin/experiments/{run.experiment_id}/", run.experiment.name),
        ],
        "is_running": is_running and run.is_active,
        "lasted": ended - run.start_time if ended and run.start_time else None,
        "may_edit": level >= Level.EDIT and run.is_active,
        "may_manage": level >= Level.MANAGE,
    }


@page(requires=Level.READ)
def run(request: HttpRequest, uuid: str) -> HttpResponse:
    found = get_page_run(request, uuid)
    part = request.GET.get("part", "")
    if part == "metrics":
        return show(request, "tracking/run/metrics.html", **frame(found, "overview"), **_metrics(request, found))
    if part == "children":
        children = queries.children_of(found)
        return show(
            request, "tracking/run/children.html", children=children[: queries.FEW], more=len(children) > queries.FEW
        )
    user = reader(request)
    tags = queries.tags_of(found)
    params = queries.params_of(found)
    taken, made = queries.models_of(user, found)
    return show(
        request,
        "tracking/run/overview.html",
        **frame(found, "overview"),
        **_metrics(request, found),
        **tag_lists(tags),
        params=params if "all" in request.GET else params[:LINES],
        params_count=len(params),
        parent=queries.parent_of(user, tags),
        datasets=queries.datasets_of(found),
        models_taken=taken,
        models_made=made,
        reproduction=reproduction(tags, params),
        commit=tags.get("mlflow.source.git.commit", ""),
        branch=tags.get("mlflow.source.git.branch", ""),
        commit_address=commit_address(tags),
        source=tags.get("mlflow.source.name", ""),
        panels=panels("run", request, found),
    )


def tag_lists(tags: dict[str, str]) -> dict[str, Any]:
    """The tags that people set, those that clients set, and the description, which is one of them."""
    note = tags.get(NOTE_TAG, "")
    return {
        "tags": [(key, value) for key, value in tags.items() if not key.startswith(SYSTEM_TAGS)],
        "system_tags": [(key, value) for key, value in tags.items() if key.startswith(SYSTEM_TAGS) and key != NOTE_TAG],
        "note": note,
        "note_html": rendered(note),
    }


def _metrics(request: HttpRequest, found: Run) -> dict[str, Any]:
    metrics: list[tuple[str, LatestMetric]] = [
        (key, row) for key, row in queries.latest_metrics(found) if not key.startswith(queries.SYSTEM_METRICS)
    ]
    return {"metrics": metrics if "all" in request.GET else metrics[:LINES], "metrics_count": len(metrics)}
