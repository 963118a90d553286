"""What begins to be there: copies of versions, which can be asked for, and tags from the beginning, which cannot."""

from typing import Any

from apps.governance.actions import Approval, Contributor, Proposal
from apps.governance.models import ChangeRequest
from apps.governance.services.guarding import refuse_protected
from apps.registry import proposals
from apps.registry.actions.base import ModelAction, VersionAction, model_of, version_of
from apps.registry.services import versions
from apps.registry.sources import copied
from apps.tracking.entities import Tag
from mlregistry.actor import Actor
from mlregistry.errors import InvalidState


class CopyVersion(VersionAction):
    """A version of the object, of what a version of whichever model (`target`) is made of: that one is the subject.

    A copy begins to be approved no more than anything else does: tags that are protected it cannot have.
    """

    name, word = proposals.COPY_VERSION, "copy"

    def doors(self, proposal: Proposal) -> list[tuple[str, str]]:
        return [*super().doors(proposal), *_tags(proposal.payload["tags"])]

    def describe(self, proposal: Proposal) -> str:
        return f"copy {proposal.subject_name} to {proposal.object_name}"

    def check(self, proposal: Proposal) -> None:
        super().check(proposal)
        if tags := self._given(proposal):
            refuse_protected(proposals.create_version(model_of(proposal), tags), instead=versions.TAG_LATER)

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        """As whoever asked for it: the copy is theirs, and not the last reviewer's."""
        versions.create_version(
            model=model_of(proposal),
            source=copied(version_of(proposal)),
            tags=self._given(proposal),
            run_link=proposal.payload["run_link"],
            description=proposal.payload["description"],
            by=ChangeRequest.objects.get(pk=approval.request_id).requested_by,
            approval=approval,
        )

    def address(self, proposal: Proposal) -> str:
        return f"/admin/models/{proposal.object_id}/"

    @staticmethod
    def _given(proposal: Proposal) -> list[Tag]:
        return [Tag(key=key, value=value) for key, value in proposal.payload["tags"].items()]


class _Beginning(ModelAction):
    """What is refused where a policy protects one of the tags."""

    word = "tag"

    def doors(self, proposal: Proposal) -> list[tuple[str, str]]:
        return _tags(proposal.payload["tags"])

    def contributors(self, proposal: Proposal) -> list[Contributor]:
        return []

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        raise InvalidState(f"Nobody can ask to {self.describe(proposal)}.")


class CreateVersion(_Beginning):
    name = proposals.CREATE_VERSION

    def describe(self, proposal: Proposal) -> str:
        return f"register a version of {proposal.object_name} with tags ({', '.join(proposal.payload['tags'])})"


class CreateModel(_Beginning):
    name = proposals.CREATE_MODEL

    def describe(self, proposal: Proposal) -> str:
        return f"register {proposal.object_name} with tags ({', '.join(proposal.payload['tags'])})"


def _tags(keys: Any) -> list[tuple[str, str]]:
    return [("tag", key) for key in keys]
