"""MLflow's calls on roles, which here are teams: who is in them and what they hold."""

from apps.accounts import queries, roles
from apps.accounts.api import render
from apps.accounts.api import role_answers as answers
from apps.accounts.api import role_schemas as schemas
from apps.accounts.resources import find_resource
from apps.accounts.services import teams
from mlregistry.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Access, Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty

V3 = "3.0"


@endpoint("POST", "roles/create", schemas.CreateRole, requires=Access.ADMIN, returns=answers.RoleAnswer, version=V3)
def create_role(request: WireRequest[schemas.CreateRole]) -> Wire:
    body = request.body
    if body.workspace != roles.WORKSPACE:
        raise InvalidParameter(f"This server has no workspaces but '{roles.WORKSPACE}'.")
    team = teams.create(name=body.name, description=body.description or "", by=request.actor)
    return {"role": render.role(roles.role_of(team, request.user))}


@endpoint("GET", "roles/get", schemas.NameRole, requires=Access.SIGNED_IN, returns=answers.RoleAnswer, version=V3)
def get_role(request: WireRequest[schemas.NameRole]) -> Wire:
    holder = roles.find_holder(request.user, request.body.role_id)
    return {"role": render.role(roles.role_of(holder, request.user))}


@endpoint("GET", "roles/list", schemas.ListRoles, requires=Access.SIGNED_IN, returns=answers.RolesAnswer, version=V3)
def list_roles(request: WireRequest[schemas.ListRoles]) -> Wire:
    """Those of the named workspaces, of which there is one; only administrators may name none."""
    named, user = request.body.workspace, request.user
    here = not named or roles.WORKSPACE in named
    if not user.is_superuser and (set(named or ()) != {roles.WORKSPACE} or not roles.sees_teams(user)):
        raise PermissionDenied("Permission denied")
    return {"roles": [render.role(role) for role in roles.roles_of_teams(queries.teams(), user)] if here else []}


@endpoint("PATCH", "roles/update", schemas.UpdateRole, requires=Access.ADMIN, returns=answers.RoleAnswer, version=V3)
def update_role(request: WireRequest[schemas.UpdateRole]) -> Wire:
    body = request.body
    if body.name is None and body.description is None:
        raise InvalidParameter("At least one of 'name' or 'description' must be provided to update a role.")
    team = teams.update(
        team=roles.find_team(body.role_id), name=body.name, description=body.description, by=request.actor
    )
    return {"role": render.role(roles.role_of(team, request.user))}


@endpoint("DELETE", "roles/delete", schemas.NameRole, requires=Access.ADMIN, returns=Empty, version=V3)
def delete_role(request: WireRequest[schemas.NameRole]) -> Wire:
    teams.delete(team=roles.find_team(request.body.role_id), by=request.actor)
    return {}


@endpoint(
    "POST",
    "roles/permissions/add",
    schemas.AddRolePermission,
    requires=Access.ADMIN,
    returns=answers.RolePermissionAnswer,
    version=V3,
)
def add_role_permission(request: WireRequest[schemas.AddRolePermission]) -> Wire:
    body, user = request.body, request.user
    holder = roles.find_holder(user, body.role_id)
    level = roles.level_asked(body.permission, holder)
    resource, target = find_resource(user, body.resource_type, body.resource_pattern, at_least=Level.MANAGE)
    row = resource.grants.create(target=target, holder=holder, level=level, by=request.actor)
    return {"role_permission": render.role_permission(roles.permission_of(resource, row))}


@endpoint(
    "DELETE",
    "roles/permissions/remove",
    schemas.NameRolePermission,
    requires=Access.ADMIN,
    returns=Empty,
    version=V3,
)
def remove_role_permission(request: WireRequest[schemas.NameRolePermission]) -> Wire:
    resource, target, holder = roles.find_grant(request.body.role_permission_id)
    resource.grants.remove(target=target, holder=holder, by=request.actor)
    return {}


@endpoint(
    "GET",
    "roles/permissions/list",
    schemas.NameRole,
    requires=Access.SIGNED_IN,
    returns=answers.RolePermissionsAnswer,
    version=V3,
)
def list_role_permissions(request: WireRequest[schemas.NameRole]) -> Wire:
    role = roles.role_of(roles.find_holder(request.user, request.body.role_id), request.user)
    return {"role_permissions": render.role(role)["permissions"]}


@endpoint(
    "PATCH",
    "roles/permissions/update",
    schemas.UpdateRolePermission,
    requires=Access.ADMIN,
    returns=answers.RolePermissionAnswer,
    version=V3,
)
def update_role_permission(request: WireRequest[schemas.UpdateRolePermission]) -> Wire:
    resource, target, holder = roles.find_grant(request.body.role_permission_id)
    level = roles.level_asked(request.body.permission, holder)
    row = resource.grants.update(target=target, holder=holder, level=level, by=request.actor)
    return {"role_permission": render.role_permission(roles.permission_of(resource, row))}


@endpoint(
    "POST",
    "roles/assign",
    schemas.NameAssignment,
    requires=Access.ADMIN,
    returns=answers.RoleAssignmentAnswer,
    version=V3,
)
def assign_role(request: WireRequest[schemas.NameAssignment]) -> Wire:
    user, team = queries.get_user(request.body.username), roles.find_team(request.body.role_id)
    if not teams.add_member(team=team, user=user, by=request.actor):
        raise AlreadyExists(f"User role assignment (user_id={user.pk}, role_id={team.pk}) already exists")
    return {"assignment": render.assignment(queries.get_membership(team, user))}


@endpoint("DELETE", "roles/unassign", schemas.NameAssignment, requires=Access.ADMIN, returns=Empty, version=V3)
def unassign_role(request: WireRequest[schemas.NameAssignment]) -> Wire:
    user, team = queries.get_user(request.body.username), roles.find_team(request.body.role_id)
    if not teams.remove_member(team=team, user=user, by=request.actor):
        raise NotFound(f"User role assignment (user_id={user.pk}, role_id={team.pk}) not found")
    return {}


@endpoint(
    "GET",
    "roles/users/list",
    schemas.NameRole,
    requires=Access.ADMIN,
    returns=answers.RoleAssignmentsAnswer,
    version=V3,
)
def list_role_users(request: WireRequest[schemas.NameRole]) -> Wire:
    found = queries.memberships(roles.find_team(request.body.role_id))
    return {"assignments": [render.assignment(membership) for membership in found]}
