"""Deleting versions and models. It cannot be taken back, so there is no break glass for it."""

from typing import Any

from apps.governance.actions import Approval, Contributor, Proposal
from apps.registry import proposals
from apps.registry.actions import standing
from apps.registry.actions.base import ModelAction, VersionAction, model_of, subject_key, version_of
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.versions import present
from apps.registry.services import registered_models, versions
from mlregistry.actor import Actor


class DeleteVersion(VersionAction):
    """Policies on the stage that it stands in, and on its aliases, protect it as well."""

    name, word = proposals.DELETE_VERSION, "delete"

    def doors(self, proposal: Proposal) -> list[tuple[str, str]]:
        return [*super().doors(proposal), *standing.places_of(present().filter(pk=subject_key(proposal)))]

    def describe(self, proposal: Proposal) -> str:
        return f"delete {proposal.object_name} {proposal.subject_name}"

    def is_done(self, proposal: Proposal) -> bool:
        return not present().filter(pk=subject_key(proposal)).exists()

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        version = present().filter(pk=subject_key(proposal)).prefetch_related("aliases").first()
        return super().evidence(proposal) | (standing.place_of(version) if version else {})

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        versions.delete_version(version=version_of(proposal), by=by, approval=approval)


class WholeModelAction(ModelAction):
    """Something done to a model with all its versions, judged on those that stand somewhere."""

    def doors(self, proposal: Proposal) -> list[tuple[str, str]]:
        return [*super().doors(proposal), *standing.places_of(standing.standing(proposal.object_id))]

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        return standing.evidence_of(proposal.object_id)

    def waits_for(self, proposal: Proposal) -> str:
        return standing.waits_for(proposal.object_id)

    def difference(self, key: str, before: Any, after: Any) -> list[str] | None:
        return standing.difference(key, before, after)

    def contributors(self, proposal: Proposal) -> list[Contributor]:
        return standing.contributors_to(proposal.object_id)

    def verify(self, proposal: Proposal) -> None:
        standing.verify(proposal.object_id)

    def subject(self, proposal: Proposal) -> ModelVersion | None:
        """Gates look at the version that stands somewhere; where there are several, they have nothing to look at."""
        found = list(standing.standing(proposal.object_id)[:2])
        return found[0] if len(found) == 1 else None


class DeleteModel(WholeModelAction):
    """Policies on any stage that one of its versions stands in, and on its aliases, protect it as well."""

    name, word = proposals.DELETE_MODEL, "delete"

    def describe(self, proposal: Proposal) -> str:
        return f"delete {proposal.object_name} with all its versions"

    def is_done(self, proposal: Proposal) -> bool:
        return not RegisteredModel.objects.filter(pk=proposal.object_id).exists()

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        registered_models.delete_model(model=model_of(proposal), by=by, approval=approval)
