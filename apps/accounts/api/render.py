"""Users as MLflow's wire spells them."""

from apps.accounts.grants import every_kind
from apps.accounts.models import User
from mlregistry.wire.endpoint import Wire

PERMISSION_LISTS = {"experiment": "experiment_permissions", "registeredmodel": "registered_model_permissions"}
"""Kinds of objects whose permissions MLflow's clients up to 3.11 read from the user; later ones ask for them apart."""


def identity(user: User) -> Wire:
    """Who it is."""
    return {"id": user.pk, "username": user.username, "is_admin": user.is_superuser}


def user(user: User) -> Wire:
    """Who it is, and what was granted to that user by name."""
    answer = identity(user) | {field: [] for field in PERMISSION_LISTS.values()}
    for grants in every_kind():
        if field := PERMISSION_LISTS.get(grants.kind):
            answer[field] = [
                {grants.wire_key: str(known_by), "user_id": user.pk, "permission": level.name}
                for known_by, level in grants.held_by(user)
            ]
    return answer


def listed(user: User) -> Wire:
    """A line of the list of users; roles are what MLflow has instead of teams."""
    return identity(user) | {"roles": []}
