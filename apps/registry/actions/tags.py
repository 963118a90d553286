"""Setting and deleting tags, of versions and of models: where a tag says that something is approved, it is a door."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from apps.governance.actions import Approval, Proposal
from apps.registry import proposals
from apps.registry.actions.base import ModelAction, VersionAction, leave, model_of, subject_key, version_of
from apps.registry.models import ModelVersionTag, RegisteredModelTag
from apps.registry.services import registered_models, versions
from mlregistry.actor import Actor

SHOWN = 200
"""Letters of a value in a sentence; the request has all of it."""


class TagAction(ModelAction):
    """What is done to the tag `target`."""

    word = "tag"

    @abstractmethod
    def value(self, proposal: Proposal) -> str | None:
        """What the tag says now; None where there is none."""

    @abstractmethod
    def write(self, proposal: Proposal, value: str | None, *, by: Actor, approval: Approval | None = None) -> None:
        """Have it say `value`, or with None delete it; without `approval` with leave for exactly that."""

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        return {"value": self.value(proposal)}

    def replaced(self, proposal: Proposal, before: Mapping[str, Any]) -> str:
        value = before.get("value")
        return "There was no such tag before." if value is None else f'The tag said "{value}" before.'

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        return super().evidence(proposal) | {"tag": self.value(proposal)}

    def take_back(self, proposal: Proposal, before: Mapping[str, Any], *, by: Actor) -> None:
        if self.is_done(proposal):
            self.write(proposal, before.get("value"), by=by)


class OfVersion(TagAction, VersionAction):
    def value(self, proposal: Proposal) -> str | None:
        tags = ModelVersionTag.objects.filter(version=subject_key(proposal), key=proposal.target)
        return tags.values_list("value", flat=True).first()

    def write(self, proposal: Proposal, value: str | None, *, by: Actor, approval: Approval | None = None) -> None:
        version, key = version_of(proposal), proposal.target
        if value is None:
            approval = approval or leave(proposals.delete_tag(version, key))
            versions.delete_tag(version=version, key=key, by=by, approval=approval)
        else:
            approval = approval or leave(proposals.set_tag(version, key, value))
            versions.set_tag(version=version, key=key, value=value, by=by, approval=approval)


class OfModel(TagAction):
    def value(self, proposal: Proposal) -> str | None:
        tags = RegisteredModelTag.objects.filter(model=proposal.object_id, key=proposal.target)
        return tags.values_list("value", flat=True).first()

    def write(self, proposal: Proposal, value: str | None, *, by: Actor, approval: Approval | None = None) -> None:
        model, key = model_of(proposal), proposal.target
        if value is None:
            approval = approval or leave(proposals.delete_model_tag(model, key))
            registered_models.delete_tag(model=model, key=key, by=by, approval=approval)
        else:
            approval = approval or leave(proposals.set_model_tag(model, key, value))
            registered_models.set_tag(model=model, key=key, value=value, by=by, approval=approval)


class Setting(TagAction):
    def distinct(self, payload: Mapping[str, Any]) -> str:
        return str(payload["value"])

    def describe(self, proposal: Proposal) -> str:
        value = proposal.payload["value"]
        shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
        return f"set tag {proposal.target} of {_named(proposal)} to {shown}"

    def is_done(self, proposal: Proposal) -> bool:
        return bool(self.value(proposal) == proposal.payload["value"])

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        self.write(proposal, proposal.payload["value"], by=by, approval=approval)


class Deleting(TagAction):
    def describe(self, proposal: Proposal) -> str:
        return f"delete tag {proposal.target} of {_named(proposal)}"

    def is_done(self, proposal: Proposal) -> bool:
        return self.value(proposal) is None

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        self.write(proposal, None, by=by, approval=approval)


class SetTag(Setting, OfVersion):
    name = proposals.SET_TAG


class DeleteTag(Deleting, OfVersion):
    name = proposals.DELETE_TAG


class SetModelTag(Setting, OfModel):
    name = proposals.SET_MODEL_TAG


class DeleteModelTag(Deleting, OfModel):
    name = proposals.DELETE_MODEL_TAG


def _named(proposal: Proposal) -> str:
    return f"{proposal.object_name} {proposal.subject_name}".strip()
