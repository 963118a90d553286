"""A workspace registry's calls on transition requests, and on transitions themselves."""

from typing import Any

from apps.governance.models import ChangeRequest
from apps.registry.api.workspace import answers, render, schemas
from apps.registry.models import ModelVersion
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model_with_details, latest_versions
from apps.registry.queries.transitions import open_transitions
from apps.registry.queries.versions import get_version
from apps.registry.services import transitions, versions
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint

BASE = "transition-requests"


@endpoint("POST", f"{BASE}/create", schemas.AskTransition, requires=Level.EDIT, returns=answers.RequestAnswer)
def create_transition_request(request: WireRequest[schemas.AskTransition]) -> Wire:
    version, body = _version(request, Level.EDIT), request.body
    asked = transitions.ask(version=version, stage=body.stage, comment=body.comment, by=request.actor)
    return {"request": render.request(asked, version, request.user)}


@endpoint(
    "POST", f"{BASE}/approve", schemas.Transition, requires=Level.READ, scope=Level.EDIT, returns=answers.ActivityAnswer
)
def approve_transition_request(request: WireRequest[schemas.Transition]) -> Wire:
    """Who may, the request's terms say; reading the model is the least that it takes."""
    version, body = _version(request, Level.READ), request.body
    decided = transitions.approve(
        version=version,
        stage=body.stage,
        archive_existing=body.archive_existing_versions,
        voter=request.user,
        comment=body.comment,
        by=request.actor,
    )
    return _voted(request, decided, version)


@endpoint(
    "POST",
    f"{BASE}/reject",
    schemas.AskTransition,
    requires=Level.READ,
    scope=Level.EDIT,
    returns=answers.ActivityAnswer,
)
def reject_transition_request(request: WireRequest[schemas.AskTransition]) -> Wire:
    version, body = _version(request, Level.READ), request.body
    decided = transitions.reject(
        version=version, stage=body.stage, voter=request.user, comment=body.comment, by=request.actor
    )
    return _voted(request, decided, version)


@endpoint(
    "DELETE",
    f"{BASE}/delete",
    schemas.WithdrawTransition,
    requires=Level.READ,
    scope=Level.EDIT,
    returns=answers.ActivityAnswer,
)
def delete_transition_request(request: WireRequest[schemas.WithdrawTransition]) -> Wire:
    version, body = _version(request, Level.READ), request.body
    withdrawn = transitions.withdraw(
        version=version,
        stage=body.stage,
        creator=body.creator,
        user=request.user,
        comment=body.comment,
        by=request.actor,
    )
    return {"activity": render.withdrawal(withdrawn, version)}


@endpoint("GET", f"{BASE}/list", schemas.NameVersion, requires=Level.READ, returns=answers.RequestList)
def list_transition_requests(request: WireRequest[schemas.NameVersion]) -> Wire:
    version = _version(request, Level.READ)
    return {"requests": [render.request(row, version, request.user) for row in open_transitions(version)]}


@endpoint(
    "POST",
    "databricks/model-versions/transition-stage",
    schemas.Transition,
    requires=Level.EDIT,
    returns=answers.VersionAnswer,
)
def transition_stage_in_workspace(request: WireRequest[schemas.Transition]) -> Wire:
    """The door of `model-versions/transition-stage`; the comment is the reason of the request that it may open."""
    version, body = _version(request, Level.EDIT), request.body
    versions.set_stage(
        version=version,
        stage=body.stage,
        archive_existing=body.archive_existing_versions,
        reason=body.comment,
        by=request.actor,
    )
    return {"model_version_databricks": render.version(version, _level(version), request.user)}


@endpoint(
    "GET", "databricks/registered-models/get", schemas.NameModel, requires=Level.READ, returns=answers.ModelAnswer
)
def get_model_in_workspace(request: WireRequest[schemas.NameModel]) -> Wire:
    model = get_model_with_details(request.user, request.body.name)
    latest = latest_versions([model])[model.pk]
    shown = render.registered_model(model, latest, MODEL_GRANTS.level(model, request.user))
    return {"registered_model_databricks": shown}


def _version(request: WireRequest[Any], at_least: Level) -> ModelVersion:
    return get_version(request.user, request.body.name, request.body.version, at_least=at_least)


def _level(version: ModelVersion) -> Level:
    """What the caller holds on it, as it was read with it."""
    return Level(version.level)  # type: ignore[attr-defined]  # an annotation of `demand`


def _voted(request: WireRequest[Any], decided: ChangeRequest, version: ModelVersion) -> Wire:
    cast = decided.votes.get(voter_id=request.user.pk)
    return {"activity": render.vote(cast, decided, version)}
