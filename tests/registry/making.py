"""Registered models and versions to test with, made by the services that the wire uses."""

from collections.abc import Sequence
from typing import Any

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.registry import sources
from apps.registry.models import Content, ModelVersion, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.services import registered_models, versions
from apps.tracking.entities import Tag
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.actor import system
from mlregistry.levels import Level

ELSEWHERE = "s3://bucket/model"


def make_registered(creator: User, name: str, *, tags: Sequence[Tag] = ()) -> RegisteredModel:
    return registered_models.create_model(name=name, tags=tags, description="", creator=creator, by=creator.actor())


def make_version(
    user: User,
    model: RegisteredModel,
    source: str = ELSEWHERE,
    *,
    run_id: str | None = None,
    model_id: str | None = None,
    tags: Sequence[Tag] = (),
) -> ModelVersion:
    resolved = sources.resolve(user, source, run_id=run_id, model_id=model_id)
    return versions.create_version(
        model=model, source=resolved, tags=tags, run_link="", description="", by=user.actor()
    )


def give(user: User, target: RegisteredModel | Experiment, level: Level) -> None:
    grants = MODEL_GRANTS if isinstance(target, RegisteredModel) else EXPERIMENT_GRANTS
    grants.set(target=target, holder=user, level=level, by=system("test"))


def move(user: User, version: ModelVersion, stage: str, *, archive: bool = False) -> None:
    versions.set_stage(version=version, stage=stage, archive_existing=archive, by=user.actor())


def actions() -> list[str]:
    """What the audit record says was done to the registry, in order."""
    found = Entry.objects.filter(action__startswith="registry.").order_by("sequence")
    return list(found.values_list("action", flat=True))


def set_content(version: ModelVersion, **fields: Any) -> Content:
    """Say of the version's content what its jobs would find out."""
    content, _ = Content.objects.update_or_create(version=version, defaults=fields)
    return content
