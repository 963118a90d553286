"""What MLflow's calls on the permissions of one kind of object do: `experiments/permissions/…` and its like.

They know users only; the native API knows teams too.
"""

from typing import Any

from apps.accounts.grants import level_named
from apps.accounts.queries import get_user
from apps.accounts.resources import Resource
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest


def create(on: Resource, request: WireRequest[Any]) -> Wire:
    body, level = request.body, level_named(request.body.permission)
    target, holder = on.managed(request.user, _key(on, request)), get_user(body.username)
    on.grants.create(target=target, holder=holder, level=level, by=request.actor)
    return _answer(on, target, holder.pk, level)


def get(on: Resource, request: WireRequest[Any]) -> Wire:
    target, holder = on.managed(request.user, _key(on, request)), get_user(request.body.username)
    return _answer(on, target, holder.pk, on.grants.get(target, holder))


def update(on: Resource, request: WireRequest[Any]) -> Wire:
    body, level = request.body, level_named(request.body.permission)
    target, holder = on.managed(request.user, _key(on, request)), get_user(body.username)
    on.grants.update(target=target, holder=holder, level=level, by=request.actor)
    return {}


def delete(on: Resource, request: WireRequest[Any]) -> Wire:
    target, holder = on.managed(request.user, _key(on, request)), get_user(request.body.username)
    on.grants.remove(target=target, holder=holder, by=request.actor)
    return {}


def _key(on: Resource, request: WireRequest[Any]) -> str:
    return str(getattr(request.body, on.grants.wire_key))


def _answer(on: Resource, target: Any, user_id: int, level: Level) -> Wire:
    key = str(getattr(target, on.grants.known_by))
    return {f"{on.types[0]}_permission": {on.grants.wire_key: key, "user_id": user_id, "permission": level.name}}
