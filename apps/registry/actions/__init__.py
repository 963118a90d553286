"""The registry's actions that policies can protect; `add()` tells the engine of them while Django starts."""

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

ACTIONS: tuple[type[Action], ...] = (
    *(SetStage, SetAlias, DeleteAlias),
    *(SetTag, DeleteTag, SetModelTag, DeleteModelTag),
    *(DeleteVersion, DeleteModel, RenameModel, CopyVersion, CreateVersion, CreateModel, ChangePermission),
)


def add() -> None:
    for action in ACTIONS:
        add_action(action())
    add_object_type(ObjectType(MODEL_TYPE, _visible, _level))


def _visible(user: User) -> Any:
    return MODEL_GRANTS.filter(RegisteredModel.objects.all(), user).values("pk")


def _level(user: User, pk: int) -> Level:
    model = RegisteredModel.objects.filter(pk=pk).first()
    return Level.NO_PERMISSIONS if model is None else MODEL_GRANTS.level(model, user)
