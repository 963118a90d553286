"""What actions on models and on versions have in common."""

from typing import Any

from apps.governance.actions import Action, Approval, Contributor, Proposal
from apps.registry.actions import evidence
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.versions import present
from apps.registry.services.registered_models import locked
from mlregistry.errors import NotFound

TAKEN_BACK = 0
"""The request that an approval names where what was applied is undone: leave for the reverse, and no more."""


def leave(proposal: Proposal) -> Approval:
    """For undoing what was applied, which asks nobody."""
    return Approval(TAKEN_BACK, proposal.identity)


def model_of(proposal: Proposal) -> RegisteredModel:
    found = RegisteredModel.objects.filter(pk=proposal.object_id).first()
    if found is None:
        raise NotFound(f"Registered Model with name={proposal.object_name} not found")
    return found


def version_of(proposal: Proposal) -> ModelVersion:
    found = present().select_related("model").filter(pk=subject_key(proposal)).first()
    if found is None:
        raise NotFound(f"Model Version (name={proposal.object_name}, {proposal.subject_name}) not found")
    return found


def subject_key(proposal: Proposal) -> int:
    """The key of the version; 0, which none has, for what is not about one."""
    return proposal.subject_id or 0


class ModelAction(Action):
    """Something done to a model as a whole, known by its name of now."""

    def names(self, proposal: Proposal) -> tuple[str, ...]:
        name = RegisteredModel.objects.filter(pk=proposal.object_id).values_list("name", flat=True).first()
        return (name or proposal.object_name,)

    def check(self, proposal: Proposal) -> None:
        model_of(proposal)

    def lock(self, proposal: Proposal) -> None:
        locked(model_of(proposal))

    def address(self, proposal: Proposal) -> str:
        return f"/admin/models/{proposal.object_id}/"


class VersionAction(ModelAction):
    """Something done to one version, judged on what is in it."""

    def check(self, proposal: Proposal) -> None:
        version_of(proposal)

    def lock(self, proposal: Proposal) -> None:
        locked(model_of(proposal))
        ModelVersion.objects.select_for_update(no_key=True).get(pk=subject_key(proposal))

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        version = ModelVersion.objects.select_related("model").get(pk=subject_key(proposal))
        return {"exists": False} if version.is_deleted else evidence.evidence_of(version)

    def waits_for(self, proposal: Proposal) -> str:
        return evidence.waits_for(version_of(proposal))

    def verify(self, proposal: Proposal) -> None:
        evidence.verify_bytes(version_of(proposal))

    def difference(self, key: str, before: Any, after: Any) -> list[str] | None:
        return evidence.difference(key, before, after)

    def contributors(self, proposal: Proposal) -> list[Contributor]:
        return evidence.contributors_to(version_of(proposal))

    def subject(self, proposal: Proposal) -> ModelVersion:
        return version_of(proposal)

    def address(self, proposal: Proposal) -> str:
        return f"/admin/models/{proposal.object_id}/versions/{proposal.payload['version']}/"
