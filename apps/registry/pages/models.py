"""The lists of registered models and of prompts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse

from apps.accounts.granted_admin import reader
from apps.registry.choices import ARCHIVED, NONE, PRODUCTION, active_stages
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.prompts import own_tags
from apps.registry.queries.listing import ORDERS, Standing, page_of_models, standing_of
from apps.registry.queries.registered_models import newest_in_stages
from mlregistry.console.page import page, show
from mlregistry.levels import Level

PER_PAGE = 50
EACH = 3
"""Versions of one stage that a line of the list has room for."""
LONGEST_SEARCH = 200
TAGS = 3


@dataclass(slots=True)
class Line:
    """A model with what the list shows of it."""

    model: RegisteredModel
    latest: ModelVersion | None = None
    staged: list[tuple[str, list[ModelVersion]]] = field(default_factory=list)
    """The versions in each stage of the list, the newest first."""
    told: ModelVersion | None = None
    """The version whose standing is shown: the one in Production, else the latest."""
    standing: Standing = field(default_factory=Standing)
    tags: list[tuple[str, str]] = field(default_factory=list)


@page(requires=Level.READ)
def models(request: HttpRequest) -> HttpResponse:
    return _listed(request, prompts=False)


@page(requires=Level.READ)
def prompts(request: HttpRequest) -> HttpResponse:
    return _listed(request, prompts=True)


def _listed(request: HttpRequest, *, prompts: bool) -> HttpResponse:
    words, tag = (request.GET.get(name, "").replace("\0", "").strip()[:LONGEST_SEARCH] for name in ("q", "tag"))
    order = request.GET.get("sort", "")
    order = order if order in ORDERS else "changed"
    found = page_of_models(
        reader(request),
        prompts=prompts,
        words=words,
        tag=tag,
        order=order,
        per_page=PER_PAGE,
        token=request.GET.get("page", ""),
    )
    return show(
        request,
        "registry/prompts.html" if prompts else "registry/models.html",
        title="Prompts" if prompts else "Models",
        lines=_lines(found.rows, prompts=prompts),
        next_page=found.next_page_token,
        words=words,
        tag=tag,
        order=order,
        stages=active_stages(),
        is_narrowed=bool(words or tag),
        is_first="page" not in request.GET,
    )


def _lines(rows: Sequence[RegisteredModel], *, prompts: bool) -> list[Line]:
    newest = newest_in_stages(rows, each=EACH)
    lines = [_line(model, newest.get(model.pk, [])) for model in rows]
    if not prompts:
        standing = standing_of([line.told for line in lines if line.told])
        for line in lines:
            line.standing = standing.get(line.told.pk, Standing()) if line.told else Standing()
    return lines


def _line(model: RegisteredModel, versions: Sequence[ModelVersion]) -> Line:
    by_stage: dict[str, list[ModelVersion]] = {}
    for version in reversed(versions):
        by_stage.setdefault(version.current_stage, []).append(version)
    latest = max(versions, key=lambda version: version.version, default=None)
    produced = by_stage.get(PRODUCTION)
    return Line(
        model,
        latest,
        [(stage, by_stage.get(stage, [])) for stage in active_stages() if stage not in (NONE, ARCHIVED)],
        produced[0] if produced else latest,
        tags=list(own_tags({tag.key: tag.value for tag in model.tags.all()}).items())[:TAGS],
    )
