"""What tracking shows on the home page: the latest runs while they go on, what failed, and how to begin."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.accounts.granted_admin import reader
from apps.tracking.choices import RunStatus
from apps.tracking.models import Run
from apps.tracking.queries import recent
from mlregistry.console.page import page, show
from mlregistry.console.registry import Panel
from mlregistry.levels import Level

RECENT, FAILED, EXPERIMENTS = 8, 5, 6
NOT_ENDED = (RunStatus.RUNNING.value, RunStatus.SCHEDULED.value)


def recent_runs(request: HttpRequest) -> Panel:
    context = _recent(request)
    if context["runs"]:
        return Panel("Recent runs", "tracking/home_runs.html", context, order=10, wide=True)
    context["address"] = request.build_absolute_uri("/").rstrip("/")
    return Panel("Log your first run", "tracking/home_start.html", context, order=10, wide=True)


def failed_runs(request: HttpRequest) -> Panel | None:
    runs = recent.failed_runs(reader(request), limit=FAILED)
    return Panel("Failed lately", "tracking/home_failed.html", {"runs": runs}, order=50) if runs else None


def active_experiments(request: HttpRequest) -> Panel | None:
    found = recent.active_experiments(reader(request), limit=EXPERIMENTS)
    return Panel("Experiments", "tracking/home_experiments.html", {"experiments": found}, order=30) if found else None


@page(requires=Level.READ)
def runs(request: HttpRequest) -> HttpResponse:
    """The panel alone: what htmx asks for while a run goes on."""
    return show(request, "tracking/home_runs.html", panel=_recent(request))


def _recent(request: HttpRequest) -> dict[str, Any]:
    found = recent.recent_runs(reader(request), limit=RECENT)
    return {"runs": [_shown(run) for run in found], "is_live": any(run.status in NOT_ENDED for run in found)}


def _shown(run: Run) -> dict[str, Any]:
    took = run.end_time - run.start_time if run.end_time and run.start_time else None
    return {"run": run, "metric": run.metric, "took": took}  # type: ignore[attr-defined]  # from recent_runs
