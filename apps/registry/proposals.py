"""What can be proposed of models and versions, in governance's words. Services ask with these before they write."""

from collections.abc import Iterable, Sequence
from typing import Any

from apps.accounts.grants import Holder
from apps.accounts.models import User
from apps.governance.actions import Proposal
from apps.registry.models import ModelVersion, RegisteredModel
from apps.tracking.entities import Tag
from mlregistry.levels import Level

MODEL_TYPE = RegisteredModel._meta.label_lower
SET_STAGE, SET_ALIAS, DELETE_ALIAS = "registry.set_stage", "registry.set_alias", "registry.delete_alias"
SET_TAG, DELETE_TAG = "registry.set_tag", "registry.delete_tag"
SET_MODEL_TAG, DELETE_MODEL_TAG = "registry.set_model_tag", "registry.delete_model_tag"
DELETE_VERSION, DELETE_MODEL = "registry.delete_version", "registry.delete_model"
RENAME_MODEL, COPY_VERSION = "registry.rename_model", "registry.copy_version"
CREATE_VERSION, CREATE_MODEL = "registry.create_version", "registry.create_model"
CHANGE_PERMISSION = "registry.change_permission"
TAKEN_BACK = "taken back"
"""The target of taking a grant back: of whatever level it was."""
SHOWN = 256
"""Letters that a request keeps of a version's name."""


def set_stage(version: ModelVersion, stage: str, *, archive_existing: bool) -> Proposal:
    return of_version(SET_STAGE, version, stage, {"archive_existing": archive_existing})


def set_alias(version: ModelVersion, alias: str) -> Proposal:
    return of_version(SET_ALIAS, version, alias)


def delete_alias(model: RegisteredModel, alias: str) -> Proposal:
    return of_model(DELETE_ALIAS, model, alias)


def set_tag(version: ModelVersion, key: str, value: str) -> Proposal:
    return of_version(SET_TAG, version, key, {"value": value}, distinct=value)


def delete_tag(version: ModelVersion, key: str) -> Proposal:
    return of_version(DELETE_TAG, version, key)


def set_model_tag(model: RegisteredModel, key: str, value: str) -> Proposal:
    return of_model(SET_MODEL_TAG, model, key, {"value": value}, distinct=value)


def delete_model_tag(model: RegisteredModel, key: str) -> Proposal:
    return of_model(DELETE_MODEL_TAG, model, key)


def delete_version(version: ModelVersion) -> Proposal:
    return of_version(DELETE_VERSION, version, "version")


def delete_model(model: RegisteredModel) -> Proposal:
    return of_model(DELETE_MODEL, model, "model")


def rename_model(model: RegisteredModel, name: str) -> Proposal:
    return of_model(RENAME_MODEL, model, name, {"old": model.name})


def copy_version(
    model: RegisteredModel, copied: ModelVersion, *, tags: Sequence[Tag], run_link: str, description: str
) -> Proposal:
    """A version of `model` made of what a version of whichever model is made of; that version is what it is about."""
    return Proposal(
        action=COPY_VERSION,
        object_type=MODEL_TYPE,
        object_id=model.pk,
        object_name=model.name,
        target=copied.model.name,
        subject_id=copied.pk,
        subject_name=f"version {copied.version} of {copied.model.name}"[:SHOWN],
        payload={
            "version": copied.version,
            "copied_model": copied.model_id,
            "tags": {tag.key: tag.value for tag in tags},
            "run_link": run_link,
            "description": description,
        },
    )


def create_version(model: RegisteredModel, tags: Iterable[Tag]) -> Proposal:
    """A version that begins with these tags. It can only be refused: there is nothing yet to judge."""
    return of_model(CREATE_VERSION, model, "", {"tags": sorted({tag.key for tag in tags})})


def create_model(name: str, tags: Iterable[Tag]) -> Proposal:
    """A model that begins with these tags; likewise."""
    keys = sorted({tag.key for tag in tags})
    return Proposal(CREATE_MODEL, MODEL_TYPE, 0, object_name=name, target="", payload={"tags": keys})


def change_permission(model: RegisteredModel, holder: Holder, level: Level | None) -> Proposal:
    """Give `level` on a model, or with None take back what was given."""
    kind = "user" if isinstance(holder, User) else "team"
    target = TAKEN_BACK if level is None else level.name
    payload = {"holder": str(holder), "kind": kind, "holder_id": holder.pk}
    return of_model(CHANGE_PERMISSION, model, target, payload, distinct=f"{kind}:{holder.pk}")


def of_version(
    action: str, version: ModelVersion, target: str, payload: dict[str, Any] | None = None, distinct: str = ""
) -> Proposal:
    return Proposal(
        action=action,
        object_type=MODEL_TYPE,
        object_id=version.model_id,
        object_name=version.model.name,
        target=target,
        subject_id=version.pk,
        subject_name=f"version {version.version}",
        payload={"version": version.version, **(payload or {})},
        distinct=distinct,
    )


def of_model(
    action: str, model: RegisteredModel, target: str, payload: dict[str, Any] | None = None, distinct: str = ""
) -> Proposal:
    return Proposal(
        action=action,
        object_type=MODEL_TYPE,
        object_id=model.pk,
        object_name=model.name,
        target=target,
        payload=payload or {},
        distinct=distinct,
    )
