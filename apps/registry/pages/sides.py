"""Two versions of a model with everything that is compared of them, for pages that hold them against each other."""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.registry.cards import SECTIONS
from apps.registry.diffing import Part, compared, flavors_of, requirements_of, schema_of
from apps.registry.models import CardRevision, Content, ModelVersion
from apps.registry.prompts import own_tags
from apps.registry.queries.cards import changes, current_card
from apps.registry.queries.evidence import Evidence, evidence_of
from apps.registry.queries.version_content import files_of

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


def side_of(user: User, version: ModelVersion) -> Side:
    content = Content.objects.filter(version=version).first() or EMPTY
    return Side(
        version=version,
        content=content,
        evidence=evidence_of(user, version),
        card=current_card(version),
        files=dict(files_of(content).values_list("path", "sha256")) if content.pk else {},
        tags=own_tags(dict(version.tags.values_list("key", "value"))),
    )


def parts_of(left: Side, right: Side) -> list[Part]:
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
    if version.pk is None:  # nothing that is there
        return {}
    facts = {
        "stage": version.current_stage,
        "aliases": ", ".join(sorted(version.aliases.values_list("name", flat=True))),
        "description": version.description or "",
        "registered by": version.user_id,
        "source": version.source,
        "digest": side.content.digest,
    }
    return {name: value for name, value in facts.items() if value}


def card_changes(left: Side, right: Side) -> list[tuple[str, list[str]]]:
    """Sections of the card that differ, each with its lines as in a unified diff."""
    return [(SECTIONS[each.section], each.lines) for each in changes(left.card, right.card)]
