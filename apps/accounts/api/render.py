"""Users as MLflow's wire spells them."""

from apps.accounts.models import User
from apps.accounts.resources import every_resource
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


def listed(user: User) -> Wire:
    """A line of the list of users; roles are what MLflow has instead of teams."""
    return identity(user) | {"roles": []}
