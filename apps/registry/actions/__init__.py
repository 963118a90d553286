"""The registry's actions that policies can protect; `add()` tells the engine of them while Django starts."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from apps.accounts.models import User
from apps.governance.actions import Action, ObjectType, add_action, add_object_type
from apps.registry.actions.aliases import DeleteAlias, SetAlias
from apps.registry.actions.creating import CopyVersion, CreateModel, CreateVersion
from apps.registry.actions.deleting import DeleteModel, DeleteVersion
from apps.registry.actions.granting import ChangePermission
from apps.registry.actions.renaming import RenameModel
from apps.registry.actions.stages import SetStage
from apps.registry.actions.tags import DeleteModelTag, DeleteTag, SetModelTag, SetTag
from apps.registry.models import RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.proposals import MODEL_TYPE
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with

ACTIONS: tuple[type[Action], ...] = (
    *(SetStage, SetAlias, DeleteAlias),
    *(SetTag, DeleteTag, SetModelTag, DeleteModelTag),
    *(DeleteVersion, DeleteModel, RenameModel, CopyVersion, CreateVersion, CreateModel, ChangePermission),
)


def add() -> None:
    for action in ACTIONS:
        add_action(action())
    add_object_type(ObjectType(MODEL_TYPE, _held, _level, _levels, _reads_any))


def _held(user: User, at_least: Level) -> Any:
    return MODEL_GRANTS.filter(RegisteredModel.objects.all(), user, at_least=at_least).values("pk")


def _level(user: User, pk: int) -> Level:
    model = RegisteredModel.objects.filter(pk=pk).first()
    return Level.NO_PERMISSIONS if model is None else MODEL_GRANTS.level(model, user)


def _levels(users: Sequence[User], pk: int) -> dict[int, Level]:
    model = RegisteredModel.objects.filter(pk=pk).first()
    return {user.pk: Level.NO_PERMISSIONS for user in users} if model is None else MODEL_GRANTS.levels(model, users)


def _reads_any(user: User, patterns: Sequence[str]) -> bool:
    """A pattern's beginning, up to its first wildcard, narrows what is read."""
    readable = MODEL_GRANTS.filter(RegisteredModel.objects.all(), user).order_by()
    for pattern in patterns:
        beginning = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
        named = readable.filter(begins_with("name", beginning)) if beginning else readable
        if pattern.rstrip("*") == beginning and pattern != beginning:
            if named.exists():
                return True
        elif any(fnmatchcase(name, pattern) for name in named.values_list("name", flat=True).iterator()):
            return True
    return False
