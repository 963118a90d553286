"""The wire's calls on logged models."""

from apps.tracking.api import answers, render, schemas
from apps.tracking.queries.experiments import get_experiment
from apps.tracking.queries.logged_models import get_logged_model
from apps.tracking.queries.runs import run_row
from apps.tracking.services import logged_models
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty


@endpoint("POST", "logged-models", schemas.CreateLoggedModel, requires=Level.EDIT, returns=answers.LoggedModelAnswer)
def create_logged_model(request: WireRequest[schemas.CreateLoggedModel]) -> Wire:
    body = request.body
    if body.source_run_id:
        run_row(request.user, body.source_run_id, at_least=Level.READ)
    model = logged_models.create_logged_model(
        experiment=get_experiment(request.user, body.experiment_id, at_least=Level.EDIT),
        name=body.name or None,
        model_type=body.model_type,
        source_run_id=body.source_run_id,
        params=body.params,
        tags=body.tags,
        by=request.actor,
    )
    return {"model": render.logged_model(model)}


@endpoint(
    "GET", "logged-models/{model_id}", schemas.GetLoggedModel, requires=Level.READ, returns=answers.LoggedModelAnswer
)
def logged_model(request: WireRequest[schemas.GetLoggedModel]) -> Wire:
    body = request.body
    model = get_logged_model(request.user, body.model_id, at_least=Level.READ, deleted=body.allow_deleted)
    return {"model": render.logged_model(model)}


@endpoint(
    "PATCH",
    "logged-models/{model_id}",
    schemas.FinalizeLoggedModel,
    requires=Level.EDIT,
    returns=answers.LoggedModelAnswer,
)
def finalize_logged_model(request: WireRequest[schemas.FinalizeLoggedModel]) -> Wire:
    model = get_logged_model(request.user, request.body.model_id, at_least=Level.EDIT)
    logged_models.finalize_logged_model(model=model, status=request.body.status)
    return {"model": render.logged_model(model)}


@endpoint("DELETE", "logged-models/{model_id}", schemas.OfLoggedModel, requires=Level.MANAGE, returns=Empty)
def delete_logged_model(request: WireRequest[schemas.OfLoggedModel]) -> Wire:
    model = get_logged_model(request.user, request.body.model_id, at_least=Level.MANAGE)
    logged_models.delete_logged_model(model=model, by=request.actor)
    return {}


@endpoint("PATCH", "logged-models/{model_id}/tags", schemas.SetLoggedModelTags, requires=Level.EDIT, returns=Empty)
def set_logged_model_tags(request: WireRequest[schemas.SetLoggedModelTags]) -> Wire:
    model = get_logged_model(request.user, request.body.model_id, at_least=Level.EDIT)
    logged_models.set_tags(model=model, tags=request.body.tags)
    return {}


@endpoint(
    "DELETE",
    "logged-models/{model_id}/tags/{tag_key}",
    schemas.DeleteLoggedModelTag,
    requires=Level.EDIT,
    returns=Empty,
)
def delete_logged_model_tag(request: WireRequest[schemas.DeleteLoggedModelTag]) -> Wire:
    model = get_logged_model(request.user, request.body.model_id, at_least=Level.EDIT)
    logged_models.delete_tag(model=model, key=request.body.tag_key)
    return {}


@endpoint("POST", "logged-models/{model_id}/params", schemas.LogLoggedModelParams, requires=Level.EDIT, returns=Empty)
def log_logged_model_params(request: WireRequest[schemas.LogLoggedModelParams]) -> Wire:
    model = get_logged_model(request.user, request.body.model_id, at_least=Level.EDIT)
    logged_models.log_params(model=model, params=request.body.params)
    return {}
