"""What can be proposed of models and versions, in governance's words. Services ask with these before they write."""

from typing import Any

from apps.governance.actions import Proposal
from apps.registry.models import ModelVersion, RegisteredModel

MODEL_TYPE = RegisteredModel._meta.label_lower
SET_STAGE, SET_ALIAS, DELETE_ALIAS = "registry.set_stage", "registry.set_alias", "registry.delete_alias"
SET_TAG, DELETE_TAG = "registry.set_tag", "registry.delete_tag"
DELETE_VERSION, DELETE_MODEL = "registry.delete_version", "registry.delete_model"
RENAME_MODEL, COPY_VERSION = "registry.rename_model", "registry.copy_version"
CHANGE_PERMISSION = "registry.change_permission"


def set_stage(version: ModelVersion, stage: str, *, archive_existing: bool) -> Proposal:
    return _of_version(SET_STAGE, version, stage, {"archive_existing": archive_existing})


def set_alias(version: ModelVersion, alias: str) -> Proposal:
    return _of_version(SET_ALIAS, version, alias)


def delete_alias(model: RegisteredModel, alias: str) -> Proposal:
    return of_model(DELETE_ALIAS, model, alias)


def set_tag(version: ModelVersion, key: str, value: str) -> Proposal:
    return _of_version(SET_TAG, version, key, {"value": value}, distinct=value)


def delete_tag(version: ModelVersion, key: str) -> Proposal:
    return _of_version(DELETE_TAG, version, key)


def set_model_tag(model: RegisteredModel, key: str, value: str) -> Proposal:
    return of_model(SET_TAG, model, key, {"value": value}, distinct=value)


def delete_model_tag(model: RegisteredModel, key: str) -> Proposal:
    return of_model(DELETE_TAG, model, key)


def delete_version(version: ModelVersion) -> Proposal:
    return _of_version(DELETE_VERSION, version, "version")


def delete_model(model: RegisteredModel) -> Proposal:
    return of_model(DELETE_MODEL, model, "model")


def rename_model(model: RegisteredModel, name: str) -> Proposal:
    return of_model(RENAME_MODEL, model, name)


def _of_version(
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
