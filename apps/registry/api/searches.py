"""The registry's searches."""

from apps.registry import limits
from apps.registry.api import answers, render, schemas
from apps.registry.queries import search
from apps.registry.queries.registered_models import latest_versions
from apps.tracking.api.render import page
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint


@endpoint(
    "GET",
    "registered-models/search",
    schemas.SearchRegisteredModels,
    requires=Level.READ,
    returns=answers.RegisteredModelPage,
)
def search_registered_models(request: WireRequest[schemas.SearchRegisteredModels]) -> Wire:
    body = request.body
    _check_page_size(body.max_results, limit=limits.MODELS_PAGE)
    found = search.search_models(
        request.user,
        filter_text=body.filter,
        order_by=body.order_by,
        max_results=body.max_results,
        page_token=body.page_token,
    )
    latest = latest_versions(found.rows)
    rows = [render.registered_model(model, latest[model.pk]) for model in found.rows]
    return page("registered_models", rows, found.next_page_token)


@endpoint(
    "GET",
    "model-versions/search",
    schemas.SearchModelVersions,
    requires=Level.READ,
    returns=answers.ModelVersionPage,
)
def search_model_versions(request: WireRequest[schemas.SearchModelVersions]) -> Wire:
    body = request.body
    _check_page_size(body.max_results, limit=limits.VERSIONS_PAGE)
    found = search.search_versions(
        request.user,
        filter_text=body.filter,
        order_by=body.order_by,
        max_results=body.max_results,
        page_token=body.page_token,
    )
    return page("model_versions", [render.version_in_list(row) for row in found.rows], found.next_page_token)


def _check_page_size(size: int, *, limit: int) -> None:
    if size < 1:
        raise InvalidParameter(f"Invalid value for max_results. It must be a positive integer, but got {size}")
    if size > limit:
        raise InvalidParameter(
            f"Invalid value for request parameter max_results. It must be at most {limit}, but got value {size}"
        )
