"""Where versions of a model stand: what deleting or renaming it would take from, or carry into, a protected place."""

from typing import Any

from django.db.models import Q, QuerySet

from apps.governance.actions import Contributor
from apps.governance.services.evidence import digest_of
from apps.registry.actions import evidence
from apps.registry.choices import NONE, ContentState
from apps.registry.models import Alias, ModelVersion, ModelVersionTag, RegisteredModelTag
from apps.registry.queries.versions import present
from apps.registry.uses import is_used, places_of_use

TOLD = 5
"""Versions of which it is told that they changed."""
SPELLED_OUT = 100
"""Standing versions that the evidence tells everything of; a digest has them all."""


def standing(model_pk: int) -> QuerySet[ModelVersion]:
    """Versions in a stage, under an alias or in use."""
    somewhere = ~Q(current_stage=NONE) | Q(aliases__isnull=False) | is_used()
    return present().filter(somewhere, model=model_pk).select_related("model").distinct().order_by("version")


def places_of(versions: QuerySet[ModelVersion]) -> list[tuple[str, str]]:
    """Stages, aliases and uses of these, as policies say them. To be in no stage is to stand nowhere."""
    stages = versions.order_by().values_list("current_stage", flat=True).distinct()
    aliases = Alias.objects.filter(version__in=versions.order_by().values("pk")).values_list("name", flat=True)
    named = [*(("stage", stage) for stage in stages if stage != NONE), *(("alias", alias) for alias in aliases)]
    return named + places_of_use(versions)


def tags_of(model_pk: int) -> list[tuple[str, str]]:
    """Tags of a model and of its versions, as policies say them."""
    own = RegisteredModelTag.objects.filter(model=model_pk).values_list("key", flat=True)
    of_versions = ModelVersionTag.objects.filter(version__in=present().filter(model=model_pk))
    return [("tag", key) for key in {*own, *of_versions.values_list("key", flat=True).distinct()}]


def evidence_of(model_pk: int) -> dict[str, Any]:
    """What is in each version that stands somewhere, and which versions there are."""
    found = list(standing(model_pk).prefetch_related("aliases"))
    rows = present().filter(model=model_pk).order_by("version")
    contents = list(rows.values_list("version", "current_stage", "content__state", "content__digest"))
    return {
        "versions": len(contents),
        "versions_digest": digest_of({"all": [list(row) for row in contents]}),
        "standing": {
            str(version.version): {**place_of(version), "judged": digest_of(evidence.evidence_of(version))}
            for version in found[:SPELLED_OUT]
        },
    }


def place_of(version: ModelVersion) -> dict[str, Any]:
    return {"stage": version.current_stage, "aliases": sorted(alias.name for alias in version.aliases.all())}


def contributors_to(model_pk: int) -> list[Contributor]:
    found = [each for version in standing(model_pk)[:SPELLED_OUT] for each in evidence.contributors_to(version)]
    return list(dict.fromkeys(found))


def waits_for(model_pk: int) -> str:
    """What is still to be found out of any version, since which there are and what is in them is judged as a whole."""
    pending = present().filter(model=model_pk, content__state=ContentState.PENDING).order_by("version")
    number = pending.values_list("version", flat=True).first()
    if number is not None:
        return f"of version {number}, its files are still being read."
    waiting = ((version, evidence.waits_for(version)) for version in standing(model_pk)[:SPELLED_OUT])
    return next((f"of version {version.version}, {why}" for version, why in waiting if why), "")


def difference(key: str, before: Any, after: Any) -> list[str] | None:
    """What became of one part of the evidence, in words; None where there are none for it."""
    if after is None:  # the model is gone, which is said by itself
        return []
    match key:
        case "versions":
            return [f"it has {after} versions now, and had {before}"]
        case "versions_digest":
            return ["its versions, where they stand or what is in them, have changed"]
        case "standing":
            changed = [
                number for number in {*(before or {}), *after} if (before or {}).get(number) != after.get(number)
            ]
            named = ", ".join(sorted(changed, key=int)[:TOLD])
            return [f"where a version stands, or what is judged of one that stands, has changed: version {named}"]
    return None


def verify(model_pk: int) -> None:
    """What has been changed in the store is then on the versions' content."""
    for version in standing(model_pk)[:SPELLED_OUT]:
        evidence.verify_bytes(version)
