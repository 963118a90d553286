"""Kinds of objects as MLflow's calls on permissions name them. The app that has the objects brings them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Model

from apps.accounts.grants import ObjectGrants
from apps.accounts.models import User
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level

EVERY_OBJECT = "*"


class Find(Protocol):
    """A query for the one object of that key, on which the user holds `at_least` this level."""

    def __call__(self, user: User, key: str, /, *, at_least: Level) -> Model: ...


@dataclass(frozen=True)
class Resource:
    """Objects that MLflow keeps permissions on."""

    types: tuple[str, ...]
    """The wire's words for them; the first also begins the names of fields: `experiment_permission`."""
    grants: ObjectGrants
    find: Find
    type_of: Callable[[Any], str]
    """Which of `types` an object is."""
    number: int
    """Stands in the ids of permissions, which clients keep: never given to another kind."""

    def __post_init__(self) -> None:
        if self.number in {other.number for other in _resources}:
            raise TypeError(f"{self.types[0]} needs a number of its own")
        _resources.append(self)

    def managed(self, user: User, key: str) -> Any:
        """The object of that key, once `user` holds MANAGE on it."""
        return self.find(user, key, at_least=Level.MANAGE)


_resources: list[Resource] = []


def every_resource() -> tuple[Resource, ...]:
    return tuple(_resources)


def resource_of_type(name: str) -> Resource:
    """The resource that has this type. MLflow knows more types; what this server keeps no permissions on is refused."""
    for resource in _resources:
        if name in resource.types:
            return resource
    known = sorted(name for resource in _resources for name in resource.types)
    raise InvalidParameter(
        f"Invalid resource type '{name}'. This server keeps permissions on: {', '.join(known)}; whatever belongs to"
        " one of these has the permissions of that."
    )


def find_resource(user: User, type_name: str, key: str, *, at_least: Level) -> tuple[Resource, Any]:
    """The object that a client names by type and key, once `user` holds this level on it."""
    resource = resource_of_type(type_name)
    if key == EVERY_OBJECT:
        raise InvalidParameter(
            "Permissions are kept on one object each, not on '*': what everybody holds on every object is the setting"
            " MLREGISTRY_DEFAULT_PERMISSION."
        )
    target = resource.find(user, key, at_least=at_least)
    if resource.type_of(target) != type_name:
        raise NotFound(f"{key} is a {resource.type_of(target)}, not a {type_name}.")
    return resource, target
