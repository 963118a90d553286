"""The wire's calls on who holds what on an experiment."""

from apps.accounts.api import object_permissions as on
from apps.tracking.api import permission_schemas as schemas
from apps.tracking.resources import EXPERIMENTS
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty

BASE = "experiments/permissions"


@endpoint(
    "POST",
    f"{BASE}/create",
    schemas.SetPermission,
    requires=Level.MANAGE,
    returns=schemas.PermissionAnswer,
)
def create_permission(request: WireRequest[schemas.SetPermission]) -> Wire:
    return on.create(EXPERIMENTS, request)


@endpoint(
    "GET",
    f"{BASE}/get",
    schemas.NamePermission,
    requires=Level.MANAGE,
    returns=schemas.PermissionAnswer,
)
def get_permission(request: WireRequest[schemas.NamePermission]) -> Wire:
    return on.get(EXPERIMENTS, request)


@endpoint("PATCH", f"{BASE}/update", schemas.SetPermission, requires=Level.MANAGE, returns=Empty)
def update_permission(request: WireRequest[schemas.SetPermission]) -> Wire:
    return on.update(EXPERIMENTS, request)


@endpoint("DELETE", f"{BASE}/delete", schemas.NamePermission, requires=Level.MANAGE, returns=Empty)
def delete_permission(request: WireRequest[schemas.NamePermission]) -> Wire:
    return on.delete(EXPERIMENTS, request)
