"""Renaming models: out of the pattern of a policy, and into it."""

from collections.abc import Mapping
from typing import Any

from apps.governance.actions import Approval, Proposal
from apps.registry import proposals
from apps.registry.actions import standing
from apps.registry.actions.base import leave, model_of
from apps.registry.actions.deleting import WholeModelAction
from apps.registry.models import RegisteredModel
from apps.registry.services import registered_models
from mlregistry.actor import Actor


class RenameModel(WholeModelAction):
    """What stands in it is carried from one name to the other, so policies on either name protect it, tags included."""

    name, word = proposals.RENAME_MODEL, "rename"

    def names(self, proposal: Proposal) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*super().names(proposal), proposal.payload["old"], proposal.target)))

    def doors(self, proposal: Proposal) -> list[tuple[str, str]]:
        return [*super().doors(proposal), *standing.tags_of(proposal.object_id)]

    def describe(self, proposal: Proposal) -> str:
        return f"rename {proposal.payload['old']} to {proposal.target}"

    def check(self, proposal: Proposal) -> None:
        super().check(proposal)
        registered_models.check_name_is_free(proposal.target, but=proposal.object_id)

    def is_done(self, proposal: Proposal) -> bool:
        return RegisteredModel.objects.filter(pk=proposal.object_id, name=proposal.target).exists()

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        return {"name": model_of(proposal).name}

    def replaced(self, proposal: Proposal, before: Mapping[str, Any]) -> str:
        return f"It was called {before['name']} before." if before.get("name") else ""

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        tags = sorted(key for _, key in standing.tags_of(proposal.object_id))
        return super().evidence(proposal) | {"name": model_of(proposal).name, "tags": tags}

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        registered_models.rename_model(model=model_of(proposal), name=proposal.target, by=by, approval=approval)

    def take_back(self, proposal: Proposal, before: Mapping[str, Any], *, by: Actor) -> None:
        if self.is_done(proposal):
            model, name = model_of(proposal), before["name"]
            approval = leave(proposals.rename_model(model, name))
            registered_models.rename_model(model=model, name=name, by=by, approval=approval)
