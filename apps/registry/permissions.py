"""Levels on registered models. Versions, aliases, content and cards inherit those of their model."""

from typing import Any, Final, cast

from django.db.models import Model

from apps.accounts.grants import Holder, ObjectGrants
from apps.governance.services.guarding import governed, require_approval, told_of
from apps.registry import proposals
from apps.registry.models import RegisteredModel, RegisteredModelTeamGrant, RegisteredModelUserGrant
from mlregistry.levels import Level

CREATION: Final = object()
"""The leave of whoever creates a model to hold it: there is nothing yet that a policy could protect."""


class ModelGrants(ObjectGrants):
    """Grants that policies can protect. `leave` is an `Approval`, or `CREATION`."""

    create = governed(ObjectGrants.create)
    update = governed(ObjectGrants.update)
    set = governed(ObjectGrants.set)
    remove = governed(ObjectGrants.remove)

    def allow(self, target: Model, holder: Holder, level: Level | None, leave: Any) -> dict[str, Any]:
        if leave is CREATION:
            return {}
        require_approval(proposals.change_permission(cast("RegisteredModel", target), holder, level), approval=leave)
        return dict(told_of(leave))


MODEL_GRANTS = ModelGrants(RegisteredModelUserGrant, RegisteredModelTeamGrant, known_by="name", called="model")
