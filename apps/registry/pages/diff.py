"""Two versions of a model, or of a prompt, held against each other."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.accounts.models import User
from apps.registry.cards import SECTIONS
from apps.registry.diffing import Part, compared, flavors_of, requirements_of, schema_of
from apps.registry.models import CardRevision, Content, ModelVersion
from apps.registry.pages.showing import crumb
from apps.registry.prompts import own_tags, template_of
from apps.registry.queries.cards import changed_lines, changes, current_card
from apps.registry.queries.evidence import Evidence, evidence_of
from apps.registry.queries.listing import numbers_of
from apps.registry.queries.registered_models import get_model_by_id
from apps.registry.queries.version_content import files_of
from apps.registry.queries.versions import get_version_of
from mlregistry.console.page import page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level

CHOICES = 500
LONGEST_NUMBER = 9
EMPTY = Content(mlmodel=None, requirements="")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, with everything that is compared."""

    version: ModelVersion
    content: Content
    evidence: Evidence
    card: CardRevision
    files: dict[str, str]
    tags: dict[str, str]


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
    sides = [_side(user, version) for version in versions]
    return show(
        request,
        "registry/diff.html",
        versions=versions,
        parts=_parts(*sides),
        card_changes=[(SECTIONS[each.section], each.lines) for each in changes(sides[0].card, sides[1].card)],
        **context,
    )


def _number(request: HttpRequest, side: str, otherwise: int) -> int:
    written = request.GET.get(side, "")
    if not written:
        return otherwise
    if not (written.isascii() and written.isdecimal() and len(written) <= LONGEST_NUMBER):
        raise InvalidParameter("A version has a whole number.")
    return int(written)


def _side(user: User, version: ModelVersion) -> Side:
    content = Content.objects.filter(version=version).first() or EMPTY
    return Side(
        version=version,
        content=content,
        evidence=evidence_of(user, version),
        card=current_card(version),
        files=dict(files_of(content).values_list("path", "sha256")) if content.pk else {},
        tags=own_tags(dict(version.tags.values_list("key", "value"))),
    )


def _parts(left: Side, right: Side) -> list[Part]:
    return [
        compared("Metrics", _metrics(left.evidence), _metrics(right.evidence), keep_same=True),
        compared("Parameters", left.evidence.params, right.evidence.params),
        compared("Schema", schema_of(left.content.mlmodel), schema_of(right.content.mlmodel)),
        compared(
            "Requirements", requirements_of(left.content.requirements), requirements_of(right.content.requirements)
        ),
        compared("Flavors", flavors_of(left.content.mlmodel), flavors_of(right.content.mlmodel)),
        compared("Files", left.files, right.files),
        compared("Tags", left.tags, right.tags),
        compared("Registered", _about(left), _about(right)),
    ]


def _metrics(evidence: Evidence) -> dict[str, float]:
    """Those of the run, and those of the logged model by the data set that they were measured on."""
    found = dict(evidence.metrics)
    for point in evidence.model_metrics:
        name = f"{point.key} on {point.dataset_name}" if point.dataset_name else point.key
        found.setdefault(name, float("nan") if point.is_nan else point.value)
    return found


def _about(side: Side) -> dict[str, str]:
    version = side.version
    facts = {
        "stage": version.current_stage,
        "aliases": ", ".join(sorted(version.aliases.values_list("name", flat=True))),
        "description": version.description or "",
        "registered by": version.user_id,
        "source": version.source,
        "digest": side.content.digest,
    }
    return {name: value for name, value in facts.items() if value}


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
