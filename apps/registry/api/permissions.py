"""The wire's calls on who holds what on a registered model."""

from apps.accounts.api import object_permissions as on
from apps.registry.api import permission_schemas as schemas
from apps.registry.resources import MODELS
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
    return on.create(MODELS, request)


@endpoint(
    "GET",
    f"{BASE}/get",
    schemas.NameModelPermission,
    requires=Level.MANAGE,
    returns=schemas.ModelPermissionAnswer,
)
def get_model_permission(request: WireRequest[schemas.NameModelPermission]) -> Wire:
    return on.get(MODELS, request)


@endpoint("PATCH", f"{BASE}/update", schemas.SetModelPermission, requires=Level.MANAGE, returns=Empty)
def update_model_permission(request: WireRequest[schemas.SetModelPermission]) -> Wire:
    return on.update(MODELS, request)


@endpoint("DELETE", f"{BASE}/delete", schemas.NameModelPermission, requires=Level.MANAGE, returns=Empty)
def delete_model_permission(request: WireRequest[schemas.NameModelPermission]) -> Wire:
    return on.delete(MODELS, request)
