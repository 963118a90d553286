"""The charts of a run, and the points that they draw."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.tracking.choices import RunStatus
from apps.tracking.models import Run
from apps.tracking.pages.run import frame, get_page_run
from apps.tracking.queries import run_page as queries
from apps.tracking.queries.curves import Axis, Curve, curve
from apps.tracking.services.points import LARGEST
from mlregistry.console.page import page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level

MOST_RUNS = 10
AXES = ("step", "time", "relative")


@page(requires=Level.READ)
def charts(request: HttpRequest, uuid: str) -> HttpResponse:
    return _charts(request, uuid, tab="charts")


@page(requires=Level.READ)
def system(request: HttpRequest, uuid: str) -> HttpResponse:
    """What the machine did meanwhile, by the time since the run began."""
    return _charts(request, uuid, tab="system")


def _charts(request: HttpRequest, uuid: str, *, tab: Literal["charts", "system"]) -> HttpResponse:
    run = get_page_run(request, uuid)
    others = _others(request, run)
    runs = [run, *others]
    keys = queries.metric_keys([each.pk for each in runs])
    told = {
        "points": reverse("run-points", args=[run.uuid]),
        "axis": "relative" if tab == "system" else "step",
        "keys": [key for key in keys if key.startswith(queries.SYSTEM_METRICS) == (tab == "system")],
        "runs": [
            {"uuid": each.uuid, "name": each.name[:80] or each.uuid, "running": _is_running(each)} for each in runs
        ],
    }
    return show(request, "tracking/run/charts.html", **frame(run, tab), told=told, others=others)


@page(requires=Level.READ)
def points(request: HttpRequest, uuid: str) -> HttpResponse:
    """One metric of one run or several as JSON: `[x, value, step, milliseconds]`; no value for NaN, "inf" or "-inf"."""
    axis = request.GET.get("x", "step")
    if axis not in AXES:
        raise InvalidParameter("x is one of step, time, relative.")
    start, end = _whole(request, "from"), _whole(request, "to")
    key = request.GET.get("key", "").replace("\0", "")
    run = get_page_run(request, uuid)
    found = [_series(each, key, axis, start, end) for each in [run, *_others(request, run)]]
    return JsonResponse({"key": key, "series": found})


@page(requires=Level.READ)
def others(request: HttpRequest, uuid: str) -> HttpResponse:
    """Runs of the same experiment that can be drawn as well."""
    run = get_page_run(request, uuid)
    words = request.GET.get("q", "").strip().replace("\0", "")
    return show(request, "tracking/run/others.html", runs=queries.others_like(run, words), words=words)


def _others(request: HttpRequest, run: Run) -> list[Run]:
    named = [uuid.replace("\0", "") for uuid in request.GET.getlist("run")][: MOST_RUNS - 1]
    return [found for found in queries.readable_among(reader(request), named) if found.pk != run.pk] if named else []


def _series(run: Run, key: str, axis: str, start: int | None, end: int | None) -> dict[str, Any]:
    origin = run.start_time if axis == "relative" else 0
    asked: Axis = "step" if axis == "step" else "time"
    found = curve(run.pk, key, axis=asked, start=_moved(start, origin), end=_moved(end, origin))
    return {
        "run": run.uuid,
        "running": _is_running(run),
        "sample": found.is_sample,
        "points": _written(found, asked, origin),
    }


def _written(found: Curve, axis: Axis, origin: int) -> list[list[Any]]:
    return [
        [
            (point.step if axis == "step" else point.timestamp) - origin,
            _value(point.value, is_nan=point.is_nan),
            point.step,
            point.timestamp,
        ]
        for point in found.points
    ]


def _value(value: float, *, is_nan: bool) -> float | str | None:
    if is_nan:
        return None
    return value if abs(value) < LARGEST else ("inf" if value > 0 else "-inf")


def _is_running(run: Run) -> bool:
    return run.status == RunStatus.RUNNING.value and run.is_active


def _moved(bound: int | None, origin: int) -> int | None:
    return None if bound is None else bound + origin


def _whole(request: HttpRequest, name: str) -> int | None:
    """A whole number of the address, rounded where a mouse chose it; None without one."""
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        return round(float(text))
    except (ValueError, OverflowError):
        raise InvalidParameter(f"{name} is a number.") from None
