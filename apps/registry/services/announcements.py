"""What webhooks are told of models and versions; of prompts, in the words that MLflow has for prompts.

A workspace registry's are told the same in its own words, of which it has none for prompts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.registry import events
from apps.registry.models import ModelVersion, RegisteredModel, Scan
from apps.registry.rules import PROMPT_TAG, PROMPT_TEXT_TAG, PROMPT_TYPE_TAG
from apps.registry.services import workspace_webhooks
from apps.registry.services.webhooks import emit
from apps.registry.workspace import RegistryEvent, requested, transitioned

_NOT_TOLD = (PROMPT_TAG, PROMPT_TYPE_TAG)
"""Tags of a prompt that only say that it is one."""


def model_created(model: RegisteredModel, tags: Mapping[str, str]) -> None:
    event = events.PROMPT_CREATED if model.is_prompt else events.REGISTERED_MODEL_CREATED
    told = _without_marks(tags) if model.is_prompt else dict(tags)
    emit(event, about=model.name, data={"name": model.name, "tags": told, "description": model.description})
    if not model.is_prompt:
        text = f"Registered model '{model.name}' created."
        workspace_webhooks.emit([RegistryEvent.REGISTERED_MODEL_CREATED], model=model, text=text)


def model_deleted(model: RegisteredModel) -> None:
    emit(events.REGISTERED_MODEL_DELETED, about=model.name, data={"name": model.name})


def model_tag_set(model: RegisteredModel, key: str, value: str) -> None:
    """Only of prompts, as on the genuine server."""
    if model.is_prompt:
        emit(events.PROMPT_TAG_SET, about=model.name, data={"name": model.name, "key": key, "value": value})


def model_tag_deleted(model: RegisteredModel, key: str) -> None:
    """Only of prompts, as on the genuine server."""
    if model.is_prompt:
        emit(events.PROMPT_TAG_DELETED, about=model.name, data={"name": model.name, "key": key})


def version_created(version: ModelVersion, tags: Mapping[str, str]) -> None:
    told: dict[str, Any] = _named(version) | {"description": version.description or None}
    if version.model.is_prompt:
        told |= {"template": tags.get(PROMPT_TEXT_TAG), "tags": _without_marks(tags, PROMPT_TEXT_TAG)}
        emit(events.PROMPT_VERSION_CREATED, about=version.model.name, data=told)
    else:
        told |= {"source": version.source, "run_id": version.run_id or None, "tags": dict(tags)}
        emit(events.MODEL_VERSION_CREATED, about=version.model.name, data=told)
        _tell_workspace(
            [RegistryEvent.MODEL_VERSION_CREATED], version, "created", run_id=version.run_id, source=version.source
        )


def version_moved(version: ModelVersion, before: str) -> None:
    told = _named(version) | {"from_stage": before, "to_stage": version.current_stage}
    emit(events.MODEL_VERSION_STAGE_UPDATED, about=version.model.name, data=told)
    after = version.current_stage
    what = f"transitioned from {before} to {after}"
    _tell_workspace(transitioned(after), version, what, to_stage=after, from_stage=before)


def version_deleted(version: ModelVersion) -> None:
    emit(events.MODEL_VERSION_DELETED, about=version.model.name, data=_named(version))


def version_tag_set(version: ModelVersion, key: str, value: str) -> None:
    event = events.PROMPT_VERSION_TAG_SET if version.model.is_prompt else events.MODEL_VERSION_TAG_SET
    emit(event, about=version.model.name, data=_named(version) | {"key": key, "value": value})
    _tell_workspace(
        [RegistryEvent.MODEL_VERSION_TAG_SET], version, f"was tagged: {key}", tags=[{"key": key, "value": value}]
    )


def version_tag_deleted(version: ModelVersion, key: str) -> None:
    event = events.PROMPT_VERSION_TAG_DELETED if version.model.is_prompt else events.MODEL_VERSION_TAG_DELETED
    emit(event, about=version.model.name, data=_named(version) | {"key": key})


def version_scanned(version: ModelVersion, scan: Scan) -> None:
    told = _named(version) | {"verdict": str(scan.verdict), "findings": len(scan.findings)}
    emit(events.MODEL_VERSION_SCAN_CREATED, about=version.model.name, data=told)


def alias_set(version: ModelVersion, alias: str) -> None:
    event = events.PROMPT_ALIAS_CREATED if version.model.is_prompt else events.MODEL_VERSION_ALIAS_CREATED
    emit(event, about=version.model.name, data=_named(version) | {"alias": alias})


def alias_deleted(model: RegisteredModel, alias: str) -> None:
    event = events.PROMPT_ALIAS_DELETED if model.is_prompt else events.MODEL_VERSION_ALIAS_DELETED
    emit(event, about=model.name, data={"name": model.name, "alias": alias})


def transition_requested(version: ModelVersion, stage: str, requester: str, comment: str) -> None:
    what = f"is to be transitioned from {version.current_stage} to {stage}, asks {requester}"
    _tell_workspace(requested(stage), version, what, to_stage=stage, from_stage=version.current_stage, comment=comment)


def commented(version: ModelVersion, author: str, comment: str) -> None:
    _tell_workspace([RegistryEvent.COMMENT_CREATED], version, f"was commented on by {author}", comment=comment)


def _tell_workspace(told: Sequence[RegistryEvent], version: ModelVersion, what: str, **data: Any) -> None:
    if not version.model.is_prompt:
        text = f"Registered model '{version.model.name}' version {version.version} {what}."
        workspace_webhooks.emit(told, model=version.model, version=str(version.version), text=text, **data)


def _named(version: ModelVersion) -> dict[str, Any]:
    return {"name": version.model.name, "version": str(version.version)}


def _without_marks(tags: Mapping[str, str], *more: str) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key not in (*_NOT_TOLD, *more)}
