"""MLflow's calls on what users hold: by name, by their roles, and what of it counts."""

from apps.accounts import queries, roles
from apps.accounts.api import render, schemas
from apps.accounts.api import role_answers as answers
from apps.accounts.api.role_schemas import GrantUserPermission, NameUserPermission
from apps.accounts.models import User
from apps.accounts.resources import find_resource
from mlregistry.levels import Access, Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty

V3 = "3.0"


@endpoint(
    "GET",
    "users/roles/list",
    schemas.NameUser,
    requires=Access.SIGNED_IN,
    returns=answers.RolesAnswer,
    version=V3,
)
def list_user_roles(request: WireRequest[schemas.NameUser]) -> Wire:
    user = queries.get_account(request.user, username=request.body.username)
    return {"roles": [render.role(role) for role in roles.roles_of_user(user, request.user)]}


@endpoint("POST", "users/permissions/grant", GrantUserPermission, requires=Level.MANAGE, returns=Empty, version=V3)
def grant_user_permission(request: WireRequest[GrantUserPermission]) -> Wire:
    body = request.body
    resource, target = find_resource(request.user, body.resource_type, body.resource_id, at_least=Level.MANAGE)
    holder = queries.get_user(body.username)
    level = roles.level_asked(body.permission, holder)
    resource.grants.create(target=target, holder=holder, level=level, by=request.actor)
    return {}


@endpoint("POST", "users/permissions/revoke", NameUserPermission, requires=Level.MANAGE, returns=Empty, version=V3)
def revoke_user_permission(request: WireRequest[NameUserPermission]) -> Wire:
    body = request.body
    resource, target = find_resource(request.user, body.resource_type, body.resource_id, at_least=Level.MANAGE)
    resource.grants.remove(target=target, holder=queries.get_user(body.username), by=request.actor)
    return {}


@endpoint(
    "GET",
    "users/permissions/get",
    NameUserPermission,
    requires=Access.SIGNED_IN,
    returns=answers.LevelThatCounts,
    version=V3,
)
def get_user_permission(request: WireRequest[NameUserPermission]) -> Wire:
    """One's own, and for administrators anybody's."""
    body = request.body
    user = queries.get_account(request.user, username=body.username)
    allowed, level = roles.level_that_counts(request.user, user, body.resource_type, body.resource_id)
    return {"allowed": allowed, "permission": level}


@endpoint(
    "GET",
    "users/permissions/list",
    schemas.NameUser,
    requires=Access.SIGNED_IN,
    returns=answers.UserPermissionsAnswer,
    version=V3,
)
def list_user_permissions(request: WireRequest[schemas.NameUser]) -> Wire:
    return _held_by(queries.get_account(request.user, username=request.body.username), request.user)


@endpoint(
    "GET",
    "users/current/permissions",
    Empty,
    requires=Access.SIGNED_IN,
    returns=answers.UserPermissionsAnswer,
    version=V3,
)
def list_current_user_permissions(request: WireRequest[Empty]) -> Wire:
    return _held_by(request.user, request.user)


def _held_by(user: User, reader: User) -> Wire:
    held = [
        render.user_permission(role, permission)
        for role in roles.roles_of_user(user, reader)
        for permission in role.permissions
    ]
    return {"is_admin": user.is_superuser, "permissions": held}
