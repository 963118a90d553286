"""The page of a logged model: what it was given, how it measured, and where it came from."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.accounts.granted_admin import reader
from apps.tracking.models import LoggedModel
from apps.tracking.queries.logged_models import get_logged_model
from apps.tracking.queries.run_page import readable_among
from mlregistry.console.page import page, show
from mlregistry.console.registry import panels
from mlregistry.levels import Level

POINTS = 200


def frame(model: LoggedModel, tab: str) -> dict[str, Any]:
    """What both tabs of a logged model show above their own."""
    return {
        "model": model,
        "tab": tab,
        "title": model.name,
        "state": model.status.removeprefix("LOGGED_MODEL_"),
        "crumbs": [
            ("/admin/experiments/", "Experiments"),
            (f"/admin/experiments/{model.experiment_id}/", model.experiment.name),
        ],
    }


@page(requires=Level.READ)
def logged_model(request: HttpRequest, model_id: str) -> HttpResponse:
    user = reader(request)
    model = get_logged_model(user, model_id.replace("\0", ""), at_least=Level.READ)
    points = model.metrics.order_by("key", "-step", "-timestamp").select_related("run")[:POINTS]
    return show(
        request,
        "tracking/logged_model/overview.html",
        **frame(model, "overview"),
        params=list(model.params.order_by("key")),
        tags=list(model.tags.order_by("key")),
        points=[point for point in points if point.run.experiment_id == model.experiment_id],
        made_by=next(iter(readable_among(user, [model.source_run_id])), None),
        panels=panels("logged-model", request, model),
    )
