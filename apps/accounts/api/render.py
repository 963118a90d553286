"""Users as MLflow's wire spells them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from apps.accounts.models import User
from apps.accounts.resources import every_resource
from apps.accounts.roles import WORKSPACE, Role, RolePermission
from mlregistry.wire.endpoint import Wire


def identity(user: User) -> Wire:
    """Who it is."""
    return {"id": user.pk, "username": user.username, "is_admin": user.is_superuser}


def user(user: User) -> Wire:
    """Who it is, and what was granted to that user by name: MLflow's clients up to 3.11 read it here."""
    held = {
        f"{resource.types[0]}_permissions": [
            {resource.grants.wire_key: str(known_by), "user_id": user.pk, "permission": level.name}
            for known_by, level in resource.grants.held_by(user)
        ]
        for resource in every_resource()
    }
    return identity(user) | held


def listed(user: User, roles: Sequence[Role]) -> Wire:
    """A line of the list of users."""
    return identity(user) | {"roles": [role(one) for one in roles]}


def role(found: Role) -> Wire:
    return asdict(found) | {"workspace": WORKSPACE}


def role_permission(found: RolePermission) -> Wire:
    return asdict(found)


def user_permission(held_by: Role, found: RolePermission) -> Wire:
    """A permission as it counts for a user: not the row, but the role that it comes from."""
    return {
        "role_id": held_by.id,
        "role_name": held_by.name,
        "workspace": WORKSPACE,
        "resource_type": found.resource_type,
        "resource_pattern": found.resource_pattern,
        "permission": found.permission,
    }


def assignment(membership: Any) -> Wire:
    """Who is in which team."""
    return {"id": membership.pk, "user_id": membership.user_id, "role_id": membership.group_id}
