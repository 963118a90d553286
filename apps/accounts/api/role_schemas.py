"""Requests of MLflow's calls on roles, and on what users hold."""

from mlregistry.wire.schema import Int64, Required, Schema


class CreateRole(Schema):
    workspace: Required
    name: Required
    description: str | None = None


class NameRole(Schema):
    role_id: Int64


class ListRoles(Schema):
    workspace: list[Required] | None = None


class UpdateRole(NameRole):
    name: str | None = None
    description: str | None = None


class AddRolePermission(NameRole):
    resource_type: Required
    resource_pattern: Required
    permission: Required


class NameRolePermission(Schema):
    role_permission_id: Int64


class UpdateRolePermission(NameRolePermission):
    permission: Required


class NameAssignment(NameRole):
    username: Required


class NameUserPermission(Schema):
    username: Required
    resource_type: Required
    resource_id: Required


class GrantUserPermission(NameUserPermission):
    permission: Required
