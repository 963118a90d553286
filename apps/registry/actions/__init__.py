"""The registry's actions that policies can protect; `add()` tells the engine of them while Django starts."""

from typing import Any

from apps.accounts.models import User
from apps.governance.actions import ObjectType, add_action, add_object_type
from apps.registry.actions.aliases import DeleteAlias, SetAlias
from apps.registry.actions.stages import SetStage
from apps.registry.models import RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.proposals import MODEL_TYPE
from mlregistry.levels import Level


def add() -> None:
    for action in (SetStage, SetAlias, DeleteAlias):
        add_action(action())
    add_object_type(ObjectType(MODEL_TYPE, _visible, _level))


def _visible(user: User) -> Any:
    return MODEL_GRANTS.filter(RegisteredModel.objects.all(), user).values("pk")


def _level(user: User, pk: int) -> Level:
    model = RegisteredModel.objects.filter(pk=pk).first()
    return Level.NO_PERMISSIONS if model is None else MODEL_GRANTS.level(model, user)
