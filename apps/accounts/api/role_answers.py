"""What MLflow's calls on roles, and on what users hold, answer with."""

from mlregistry.wire.answers import Answer


class RolePermission(Answer, kw_only=True):
    id: int
    role_id: int
    resource_type: str
    resource_pattern: str
    permission: str


class Role(Answer, kw_only=True):
    """A team, or (with a negative id) what was granted to a user by name."""

    id: int
    name: str
    workspace: str
    description: str | None
    permissions: list[RolePermission]


class RoleAnswer(Answer, kw_only=True):
    role: Role


class RolesAnswer(Answer, kw_only=True):
    roles: list[Role]


class RolePermissionAnswer(Answer, kw_only=True):
    role_permission: RolePermission


class RolePermissionsAnswer(Answer, kw_only=True):
    role_permissions: list[RolePermission]


class RoleAssignment(Answer, kw_only=True):
    id: int
    user_id: int
    role_id: int


class RoleAssignmentAnswer(Answer, kw_only=True):
    assignment: RoleAssignment


class RoleAssignmentsAnswer(Answer, kw_only=True):
    assignments: list[RoleAssignment]


class UserPermission(Answer, kw_only=True):
    """One grant that counts for a user, and the role that it comes from."""

    role_id: int
    role_name: str
    workspace: str
    resource_type: str
    resource_pattern: str
    permission: str


class UserPermissionsAnswer(Answer, kw_only=True):
    is_admin: bool
    permissions: list[UserPermission]


class LevelThatCounts(Answer, kw_only=True):
    allowed: bool
    permission: str
