"""Runs side by side. The page has the runs and its controls; its script fetches what was logged and draws it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.tracking.artifacts.paths import safe_path
from apps.tracking.artifacts.places import place_at
from apps.tracking.artifacts.queries import list_below
from apps.tracking.models import Run
from apps.tracking.pages.compare_rows import as_csv, as_objects, page_rows, rows_of
from apps.tracking.queries.compared_runs import compared_runs, runs_to_add
from apps.tracking.queries.curves import curve, thinned
from apps.tracking.queries.histories import readable_runs
from apps.tracking.queries.run_details import details_of
from mlregistry.console.page import gone_to, is_part, page, show
from mlregistry.errors import InvalidParameter, RegistryError
from mlregistry.levels import Level
from mlregistry.wire.render import number

FEWEST, MOST = 2, 200
AT_ONCE = 25
"""Runs whose curves or files one request brings: each takes statements, or a journey to a store, of its own."""
POINTS = 1_500
ENTRIES = 1_000
"""Of one folder of one run."""
HITS = 8
_CONTROLS = ("run", "find", "tab")
"""What the form of the page has controls for; everything else in the address it carries along."""
TABS = {
    "table": "Table",
    "curves": "Curves",
    "parallel": "Parallel coordinates",
    "scatter": "Scatter",
    "box": "Box",
    "contour": "Contour",
    "artifacts": "Artifacts",
}


@page(requires=Level.READ)
def compare(request: HttpRequest) -> HttpResponse:
    """`add` and `without` change which runs the address names; `find` looks for runs to add."""
    if "add" in request.GET or "without" in request.GET:
        return gone_to(request, f"{reverse('compare')}?{_changed(request.GET).urlencode()}")
    asked = _asked(request)
    runs = compared_runs(reader(request), asked)
    words = request.GET.get("find", "").strip().replace("\0", "")
    finding: dict[str, Any] = {
        "words": words,
        "candidates": runs_to_add(reader(request), words, beside=runs, without=asked, most=HITS) if words else [],
        "full": len(asked) >= MOST,
        "most": MOST,
    }
    if is_part(request):
        return show(request, "tracking/compare/candidates.html", **finding)
    tab = request.GET.get("tab", "")
    return show(
        request,
        "tracking/compare/page.html",
        title=f"Compare {len(runs)} runs" if len(runs) >= FEWEST else "Compare runs",
        status=404 if asked and not runs else 200,
        crumbs=_crumbs(runs),
        runs=runs,
        asked=len(asked),
        absent=len(asked) - len(runs),
        experiments=len({run.experiment_id for run in runs}),
        kept=[(name, value) for name, values in request.GET.lists() if name not in _CONTROLS for value in values],
        tabs=TABS,
        tab=tab if tab in TABS else "table",
        is_enough=len(runs) >= FEWEST,
        **finding,
    )


@page(requires=Level.READ)
def compare_data(request: HttpRequest) -> HttpResponse:
    """Everything the page shows of the runs but their curves and files."""
    runs = compared_runs(reader(request), _asked(request))
    rows, left_out = page_rows(rows_of(runs, details_of([run.pk for run in runs])))
    return _json({"runs": [_about(run) for run in runs], "rows": rows, "left_out": left_out})


@page(requires=Level.READ)
def compare_csv(request: HttpRequest) -> HttpResponse:
    runs = compared_runs(reader(request), _asked(request))
    content = as_csv(runs, rows_of(runs, details_of([run.pk for run in runs])))
    return _file(content, "comparison.csv", "text/csv")


@page(requires=Level.READ)
def compare_json(request: HttpRequest) -> HttpResponse:
    runs = compared_runs(reader(request), _asked(request))
    content = msgspec.json.encode(as_objects(runs, rows_of(runs, details_of([run.pk for run in runs]))))
    return _file(content, "comparison.json", "application/json")


@page(requires=Level.READ)
def compare_curves(request: HttpRequest) -> HttpResponse:
    """How one metric went, run by run, in so many `points` at most, the extremes among them."""
    asked, points = _asked(request, most=AT_ONCE), request.GET.get("points", "")
    per_run = max(2, min(int(points), POINTS)) if points.isdecimal() and len(points) < len("1000000") else POINTS
    key = request.GET.get("metric", "").replace("\0", "")
    curves: dict[str, dict[str, list[Any]]] = {}
    for run_id, pk in readable_runs(reader(request), asked).items():
        found = thinned(curve(pk, key, axis="step").points, per_run)
        if found:
            curves[run_id] = {
                "steps": [point.step for point in found],
                "times": [point.timestamp for point in found],
                "values": ["NaN" if point.is_nan else number(point.value) for point in found],
            }
    return _json({"curves": curves})


@page(requires=Level.READ)
def compare_files(request: HttpRequest) -> HttpResponse:
    """What lies directly in the folder `folder` of each run's artifacts."""
    runs = compared_runs(reader(request), _asked(request, most=AT_ONCE))
    folder = safe_path(request.GET.get("folder", ""))
    return _json({"runs": {run.uuid: _files(run, folder) for run in runs}})


def _files(run: Run, folder: str) -> list[dict[str, Any]]:
    try:
        entries = list_below(place_at(run.artifact_uri, run.experiment_id), folder)
    except RegistryError:  # a store that this server does not read, or no longer
        return []
    return [{"path": entry.path, "folder": entry.is_dir, "size": entry.size} for entry in entries[:ENTRIES]]


def _asked(request: HttpRequest, *, most: int = MOST) -> list[str]:
    """The ids in the address, each once."""
    asked = [run_id for run_id in dict.fromkeys(map(str.strip, request.GET.getlist("run"))) if run_id]
    if len(asked) > most:
        raise InvalidParameter(f"At most {most} runs can be compared at once; the address names {len(asked)}.")
    return asked


def _changed(asked: QueryDict) -> QueryDict:
    changed = asked.copy()
    added, removed = changed.pop("add", []), changed.pop("without", [])
    changed.pop("find", None)
    changed.setlist(
        "run", [run_id for run_id in dict.fromkeys([*asked.getlist("run"), *added]) if run_id not in removed]
    )
    return changed


def _crumbs(runs: Sequence[Run]) -> list[tuple[str, str]]:
    above = [(reverse("experiments"), "Experiments")]
    if len({run.experiment_id for run in runs}) == 1:
        above.append((f"/admin/experiments/{runs[0].experiment_id}/", runs[0].experiment.name))
    return above


def _about(run: Run) -> dict[str, Any]:
    return {
        "id": run.uuid,
        "name": run.name[:200],
        "experiment": run.experiment.name[:200],
        "status": run.status,
        "start": run.start_time,
    }


def _file(content: str | bytes, name: str, kind: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)


def _json(answer: Any) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")
