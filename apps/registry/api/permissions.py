"""The wire's calls on who holds what on a registered model: users only; the native API knows teams too."""

from apps.accounts.grants import level_named
from apps.accounts.queries import get_user
from apps.registry.api import permission_schemas as schemas
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty

BASE = "registered-models/permissions"


@endpoint(
    "POST",
    f"{BASE}/create",
    schemas.SetModelPermission,
    requires=Level.MANAGE,
    returns=schemas.ModelPermissionAnswer,
)
def create_model_permission(request: WireRequest[schemas.SetModelPermission]) -> Wire:
    body, level = request.body, level_named(request.body.permission)
    model = get_model(request.user, body.name, at_least=Level.MANAGE)
    holder = get_user(body.username)
    MODEL_GRANTS.create(target=model, holder=holder, level=level, by=request.actor)
    return _answer(model.name, holder.pk, level)


@endpoint(
    "GET",
    f"{BASE}/get",
    schemas.NameModelPermission,
    requires=Level.MANAGE,
    returns=schemas.ModelPermissionAnswer,
)
def get_model_permission(request: WireRequest[schemas.NameModelPermission]) -> Wire:
    model = get_model(request.user, request.body.name, at_least=Level.MANAGE)
    holder = get_user(request.body.username)
    return _answer(model.name, holder.pk, MODEL_GRANTS.get(model, holder))


@endpoint("PATCH", f"{BASE}/update", schemas.SetModelPermission, requires=Level.MANAGE, returns=Empty)
def update_model_permission(request: WireRequest[schemas.SetModelPermission]) -> Wire:
    body, level = request.body, level_named(request.body.permission)
    model = get_model(request.user, body.name, at_least=Level.MANAGE)
    MODEL_GRANTS.update(target=model, holder=get_user(body.username), level=level, by=request.actor)
    return {}


@endpoint("DELETE", f"{BASE}/delete", schemas.NameModelPermission, requires=Level.MANAGE, returns=Empty)
def delete_model_permission(request: WireRequest[schemas.NameModelPermission]) -> Wire:
    model = get_model(request.user, request.body.name, at_least=Level.MANAGE)
    MODEL_GRANTS.remove(target=model, holder=get_user(request.body.username), by=request.actor)
    return {}


def _answer(name: str, user_id: int, level: Level) -> Wire:
    return {"registered_model_permission": {"name": name, "user_id": user_id, "permission": level.name}}
