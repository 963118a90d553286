"""The wire's calls on registered models, their tags and aliases. Prompts are made by the same calls."""

from apps.registry.api import answers, render, schemas
from apps.registry.models import RegisteredModel
from apps.registry.queries.registered_models import get_model, get_model_with_details, latest_versions
from apps.registry.queries.versions import get_version, get_version_by_alias
from apps.registry.services import registered_models, versions
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty


@endpoint(
    "POST",
    "registered-models/create",
    schemas.CreateRegisteredModel,
    requires=Level.EDIT,
    returns=answers.RegisteredModelAnswer,
)
def create_registered_model(request: WireRequest[schemas.CreateRegisteredModel]) -> Wire:
    body = request.body
    model = registered_models.create_model(
        name=body.name, tags=body.tags, description=body.description, creator=request.user, by=request.actor
    )
    return {"registered_model": render.registered_model(model)}


@endpoint(
    "GET",
    "registered-models/get",
    schemas.NameModel,
    requires=Level.READ,
    returns=answers.RegisteredModelAnswer,
)
def get_registered_model(request: WireRequest[schemas.NameModel]) -> Wire:
    return _answer(get_model_with_details(request.user, request.body.name))


@endpoint(
    "PATCH",
    "registered-models/update",
    schemas.UpdateRegisteredModel,
    requires=Level.EDIT,
    returns=answers.RegisteredModelAnswer,
)
def update_registered_model(request: WireRequest[schemas.UpdateRegisteredModel]) -> Wire:
    model = get_model(request.user, request.body.name, at_least=Level.EDIT)
    registered_models.describe_model(model=model, description=request.body.description, by=request.actor)
    return _answer(model)


@endpoint(
    "POST",
    "registered-models/rename",
    schemas.RenameRegisteredModel,
    requires=Level.EDIT,
    returns=answers.RegisteredModelAnswer,
)
def rename_registered_model(request: WireRequest[schemas.RenameRegisteredModel]) -> Wire:
    model = get_model(request.user, request.body.name, at_least=Level.EDIT)
    registered_models.rename_model(model=model, name=request.body.new_name, by=request.actor)
    return _answer(model)


@endpoint("DELETE", "registered-models/delete", schemas.NameModel, requires=Level.MANAGE, returns=Empty)
def delete_registered_model(request: WireRequest[schemas.NameModel]) -> Wire:
    model = get_model(request.user, request.body.name, at_least=Level.MANAGE)
    registered_models.delete_model(model=model, by=request.actor)
    return {}


@endpoint("POST", "registered-models/set-tag", schemas.SetModelTag, requires=Level.EDIT, returns=Empty)
def set_registered_model_tag(request: WireRequest[schemas.SetModelTag]) -> Wire:
    model = get_model(request.user, request.body.name, at_least=Level.EDIT)
    registered_models.set_tag(model=model, key=request.body.key, value=request.body.value, by=request.actor)
    return {}


@endpoint("DELETE", "registered-models/delete-tag", schemas.DeleteModelTag, requires=Level.EDIT, returns=Empty)
def delete_registered_model_tag(request: WireRequest[schemas.DeleteModelTag]) -> Wire:
    model = get_model(request.user, request.body.name, at_least=Level.EDIT)
    registered_models.delete_tag(model=model, key=request.body.key, by=request.actor)
    return {}


@endpoint("POST", "registered-models/alias", schemas.SetAlias, requires=Level.EDIT, returns=Empty)
def set_alias(request: WireRequest[schemas.SetAlias]) -> Wire:
    body = request.body
    version = get_version(request.user, body.name, body.version, at_least=Level.EDIT)
    versions.set_alias(version=version, alias=body.alias, by=request.actor)
    return {}


@endpoint("DELETE", "registered-models/alias", schemas.NameAlias, requires=Level.MANAGE, returns=Empty)
def delete_alias(request: WireRequest[schemas.NameAlias]) -> Wire:
    model = get_model(request.user, request.body.name, at_least=Level.MANAGE)
    versions.delete_alias(model=model, alias=request.body.alias, by=request.actor)
    return {}


@endpoint("GET", "registered-models/alias", schemas.NameAlias, requires=Level.READ, returns=answers.ModelVersionAnswer)
def get_by_alias(request: WireRequest[schemas.NameAlias]) -> Wire:
    version = get_version_by_alias(request.user, request.body.name, request.body.alias)
    return {"model_version": render.version(version)}


def _answer(model: RegisteredModel) -> Wire:
    return {"registered_model": render.registered_model(model, latest_versions([model])[model.pk])}
