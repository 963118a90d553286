"""Two versions of a model, or of a prompt, held against each other."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.registry.diffing import compared
from apps.registry.models import ModelVersion
from apps.registry.pages.showing import crumb
from apps.registry.pages.sides import card_changes, parts_of, side_of
from apps.registry.prompts import own_tags, template_of
from apps.registry.queries.cards import changed_lines
from apps.registry.queries.listing import numbers_of
from apps.registry.queries.registered_models import get_model_by_id
from apps.registry.queries.versions import get_version_of
from mlregistry.console.page import page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level

CHOICES = 500
LONGEST_NUMBER = 9


@page(requires=Level.READ)
def diff(request: HttpRequest, pk: int) -> HttpResponse:
    user = reader(request)
    model = get_model_by_id(user, pk, at_least=Level.READ)
    numbers = numbers_of(model, most=CHOICES)
    newest, second = [*numbers, 0, 0][:2]
    left, right = _number(request, "left", second or newest), _number(request, "right", newest)
    context: dict[str, Any] = {
        "title": "Compare versions",
        "subtitle": model.name,
        "model": model,
        "crumbs": [crumb(model), (reverse("model", args=[pk]), model.name)],
        "numbers": numbers,
        "left": left,
        "right": right,
    }
    if not numbers:
        return show(request, "registry/diff.html", **context)
    versions = [get_version_of(user, pk, number, at_least=Level.READ) for number in (left, right)]
    if model.is_prompt:
        return show(request, "registry/prompt_diff.html", versions=versions, **_prompts(versions), **context)
    sides = [side_of(user, version) for version in versions]
    return show(
        request,
        "registry/diff.html",
        versions=versions,
        parts=parts_of(*sides),
        card_changes=card_changes(*sides),
        **context,
    )


def _number(request: HttpRequest, side: str, otherwise: int) -> int:
    written = request.GET.get(side, "")
    if not written:
        return otherwise
    if not (written.isascii() and written.isdecimal() and len(written) <= LONGEST_NUMBER):
        raise InvalidParameter("A version has a whole number.")
    return int(written)


def _prompts(versions: list[ModelVersion]) -> dict[str, Any]:
    tags = [dict(version.tags.values_list("key", "value")) for version in versions]
    templates = [template_of(own) for own in tags]
    return {
        "lines": changed_lines(templates[0].text, templates[1].text),
        "parts": [
            compared("Variables", *(dict.fromkeys(template.variables, "yes") for template in templates)),
            compared("Tags", *(own_tags(own) for own in tags)),
        ],
    }
