"""The page of one registered model, or of one prompt."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from apps.accounts.granted_admin import reader
from apps.accounts.models import User
from apps.registry.choices import PRODUCTION, stages
from apps.registry.models import Alias, ModelVersion, RegisteredModel
from apps.registry.pages import protection
from apps.registry.pages.showing import card_of, crumb, level_on, told
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.prompts import own_tags
from apps.registry.queries.activity import activity_of_model
from apps.registry.queries.evidence import measured
from apps.registry.queries.listing import Standing, page_of_versions, standing_of
from apps.registry.queries.registered_models import get_model_by_id, newest_in_stages
from apps.registry.queries.versions import present
from apps.tracking.models import Run
from mlregistry.console.page import page, show
from mlregistry.levels import Level

PER_PAGE = 25
CARDS = 4
"""Versions that a lane has room for."""
ENTRIES = 15


@dataclass(frozen=True, slots=True)
class Line:
    """A version with what the history shows of it."""

    version: ModelVersion
    standing: Standing
    metrics: list[float | None]
    run: Run | None


@dataclass(frozen=True, slots=True)
class Lane:
    stage: str
    versions: list[tuple[ModelVersion, list[str]]]
    """The newest ones, each with its aliases."""
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.versions)


@page(requires=Level.READ)
def model(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_model_by_id(reader(request), pk, at_least=Level.READ)
    history = page_of_versions(found, per_page=PER_PAGE, token=request.GET.get("page", ""))
    shared = {
        "title": found.name,
        "model": found,
        "crumbs": [crumb(found)],
        "next_page": history.next_page_token,
        "is_first": "page" not in request.GET,
        "aliases": list(found.aliases.select_related("version").order_by("name")),
        "tags": sorted(own_tags(dict(found.tags.values_list("key", "value"))).items()),
        **_for_managers(found),
        **protection.of_model(found),
    }
    if found.is_prompt:
        return show(request, "registry/prompt.html", versions=history.rows, **shared)
    lanes = _lanes(found, shared["aliases"])
    return show(
        request, "registry/model.html", lanes=lanes, **_history(request, history.rows), **_card(lanes), **shared
    )


def _for_managers(found: RegisteredModel) -> dict[str, Any]:
    """What may be changed, and what only those read who may change all of it."""
    may_manage = level_on(found) >= Level.MANAGE
    held = MODEL_GRANTS.on(found) if may_manage else []
    return {
        "may_edit": level_on(found) >= Level.EDIT,
        "may_manage": may_manage,
        "grants": [(holder, isinstance(holder, User), level) for holder, level in held],
        "levels": [(level.name, level.name.replace("_", " ").lower()) for level in Level],
        "activity": told(activity_of_model(found, most=ENTRIES)) if may_manage else [],
    }


def _history(request: HttpRequest, versions: list[ModelVersion]) -> dict[str, Any]:
    metrics, standing = measured(reader(request), versions), standing_of(versions)
    lines = [
        Line(version, standing[version.pk], metrics.values[version.pk], metrics.runs.get(version.run_id))
        for version in versions
    ]
    return {"lines": lines, "keys": metrics.keys}


def _card(lanes: list[Lane]) -> dict[str, Any]:
    """That of the version that counts: the newest in Production, or else the newest there is."""
    versions = {lane.stage: lane.versions[0][0] for lane in lanes if lane.versions}
    if not versions:
        return {}
    counts = versions.get(PRODUCTION) or max(versions.values(), key=lambda version: version.version)
    return {"version": counts, "card": card_of(counts)}


def _lanes(found: RegisteredModel, aliases: Iterable[Alias]) -> list[Lane]:
    names: dict[int, list[str]] = defaultdict(list)
    for alias in aliases:
        names[alias.version_id].append(alias.name)
    newest: dict[str, list[tuple[ModelVersion, list[str]]]] = defaultdict(list)
    for version in reversed(newest_in_stages([found], each=CARDS).get(found.pk, [])):
        newest[version.current_stage].append((version, names[version.pk]))
    counted = present().filter(model=found).values("current_stage").annotate(count=Count("pk"))
    counts = dict(counted.values_list("current_stage", "count"))
    every = [*stages(), *sorted(counts.keys() - set(stages()))]  # a stage that the settings name no more is still one
    return [Lane(stage, newest[stage], counts.get(stage, 0)) for stage in every]
