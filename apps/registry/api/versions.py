"""The wire's calls on versions of registered models."""

from apps.registry import sources
from apps.registry.api import answers, render, schemas
from apps.registry.models import ModelVersion
from apps.registry.queries.registered_models import get_model
from apps.registry.queries.versions import (
    get_version,
    get_version_with_details,
    latest_in_stages,
)
from apps.registry.rules import PROMPT_TAG, says_prompt
from apps.registry.services import versions
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty


@endpoint(
    "POST",
    "model-versions/create",
    schemas.CreateModelVersion,
    requires=Level.EDIT,
    returns=answers.ModelVersionAnswer,
)
def create_model_version(request: WireRequest[schemas.CreateModelVersion]) -> Wire:
    body = request.body
    model = get_model(request.user, body.name, at_least=Level.EDIT)
    tags = {tag.key: tag.value for tag in body.tags}
    if says_prompt(tags.get(PROMPT_TAG, "")):
        source = sources.prompt_source(body.source)
    else:
        source = sources.resolve(request.user, body.source, run_id=body.run_id, model_id=body.model_id)
    version = versions.create_version(
        model=model,
        source=source,
        tags=body.tags,
        run_link=body.run_link,
        description=body.description,
        by=request.actor,
    )
    return _answer(version)


@endpoint("GET", "model-versions/get", schemas.NameVersion, requires=Level.READ, returns=answers.ModelVersionAnswer)
def get_model_version(request: WireRequest[schemas.NameVersion]) -> Wire:
    return _answer(get_version_with_details(request.user, request.body.name, request.body.version))


@endpoint(
    "PATCH",
    "model-versions/update",
    schemas.UpdateModelVersion,
    requires=Level.EDIT,
    returns=answers.ModelVersionAnswer,
)
def update_model_version(request: WireRequest[schemas.UpdateModelVersion]) -> Wire:
    body = request.body
    version = get_version(request.user, body.name, body.version, at_least=Level.EDIT)
    versions.describe_version(version=version, description=body.description, by=request.actor)
    return _answer(version)


@endpoint(
    "POST",
    "model-versions/transition-stage",
    schemas.TransitionStage,
    requires=Level.EDIT,
    returns=answers.ModelVersionAnswer,
)
def transition_stage(request: WireRequest[schemas.TransitionStage]) -> Wire:
    body = request.body
    version = get_version(request.user, body.name, body.version, at_least=Level.EDIT)
    versions.set_stage(
        version=version, stage=body.stage, archive_existing=body.archive_existing_versions, by=request.actor
    )
    return _answer(version)


@endpoint("DELETE", "model-versions/delete", schemas.NameVersion, requires=Level.MANAGE, returns=Empty)
def delete_model_version(request: WireRequest[schemas.NameVersion]) -> Wire:
    version = get_version(request.user, request.body.name, request.body.version, at_least=Level.MANAGE)
    versions.delete_version(version=version, by=request.actor)
    return {}


@endpoint(
    "GET", "model-versions/get-download-uri", schemas.NameVersion, requires=Level.READ, returns=answers.DownloadUri
)
def get_download_uri(request: WireRequest[schemas.NameVersion]) -> Wire:
    version = get_version(request.user, request.body.name, request.body.version, at_least=Level.READ)
    return {"artifact_uri": render.download_uri(version)}


@endpoint("POST", "model-versions/set-tag", schemas.SetVersionTag, requires=Level.EDIT, returns=Empty)
def set_model_version_tag(request: WireRequest[schemas.SetVersionTag]) -> Wire:
    body = request.body
    version = get_version(request.user, body.name, body.version, at_least=Level.EDIT)
    versions.set_tag(version=version, key=body.key, value=body.value, by=request.actor)
    return {}


@endpoint("DELETE", "model-versions/delete-tag", schemas.DeleteVersionTag, requires=Level.MANAGE, returns=Empty)
def delete_model_version_tag(request: WireRequest[schemas.DeleteVersionTag]) -> Wire:
    body = request.body
    version = get_version(request.user, body.name, body.version, at_least=Level.MANAGE)
    versions.delete_tag(version=version, key=body.key, by=request.actor)
    return {}


@endpoint(
    "POST",
    "registered-models/get-latest-versions",
    schemas.GetLatestVersions,
    requires=Level.READ,
    returns=answers.ModelVersionPage,
)
@endpoint(
    "GET",
    "registered-models/get-latest-versions",
    schemas.GetLatestVersions,
    requires=Level.READ,
    returns=answers.ModelVersionPage,
)
def get_latest_versions(request: WireRequest[schemas.GetLatestVersions]) -> Wire:
    found = latest_in_stages(request.user, request.body.name, request.body.stages)
    return {"model_versions": [render.version(version) for version in found]} if found else {}


def _answer(version: ModelVersion) -> Wire:
    return {"model_version": render.version(version)}
