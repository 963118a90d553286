"""Moving a version to a stage."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from apps.audit.models import Entry
from apps.governance.actions import Approval, Past, Proposal
from apps.registry import proposals
from apps.registry.actions.base import VersionAction, leave, subject_key, version_of
from apps.registry.choices import ARCHIVED
from apps.registry.models import ModelVersion
from apps.registry.services import versions
from mlregistry.actor import Actor

LOOKED_THROUGH = 5_000
"""Entries of the record, the newest ones, that are searched for earlier changes."""


class SetStage(VersionAction):
    name, word = proposals.SET_STAGE, "stage"

    def describe(self, proposal: Proposal) -> str:
        return f"move {proposal.object_name} {proposal.subject_name} to {proposal.target}"

    def consequence(self, proposal: Proposal) -> str:
        archived = self.standing(proposal)["archived"]
        versions_of_it = f"version{'' if len(archived) == 1 else 's'} {', '.join(map(str, archived))}"
        return f"{proposal.subject_name} moves to {proposal.target}" + (
            f", {versions_of_it} {'is' if len(archived) == 1 else 'are'} archived" if archived else ""
        )

    def replaced(self, proposal: Proposal, before: Mapping[str, Any]) -> str:
        archived = before.get("archived", [])
        numbers = f"version{'' if len(archived) == 1 else 's'} {', '.join(map(str, archived))}"
        were = f", and {numbers} {'was' if len(archived) == 1 else 'were'} archived" if archived else ""
        return f"It was in stage {before['stage']} before{were}." if before.get("stage") else ""

    def is_done(self, proposal: Proposal) -> bool:
        return version_of(proposal).current_stage == proposal.target

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        others = ModelVersion.objects.filter(model=proposal.object_id, current_stage=proposal.target)
        others = others.exclude(pk=subject_key(proposal))
        replaced = list(others.values_list("version", flat=True)) if proposal.payload["archive_existing"] else []
        return {"stage": version_of(proposal).current_stage, "archived": sorted(replaced)}

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        versions.set_stage(
            version=version_of(proposal),
            stage=proposal.target,
            archive_existing=proposal.payload["archive_existing"],
            by=by,
            approval=approval,
        )

    def take_back(self, proposal: Proposal, before: Mapping[str, Any], *, by: Actor) -> None:
        version = version_of(proposal)
        if version.current_stage == proposal.target:
            _move(version, before.get("stage", ARCHIVED), by)
        archived = ModelVersion.objects.select_related("model").filter(
            model=proposal.object_id, version__in=before.get("archived", ()), current_stage=ARCHIVED
        )
        for other in archived:
            _move(other, proposal.target, by)

    def history(self, names: Iterable[str], targets: Iterable[str]) -> Iterable[Past]:
        patterns = list(targets)
        entries = Entry.objects.filter(action="registry.version.set_stage").order_by("-sequence")
        for entry in entries[:LOOKED_THROUGH]:
            stage = entry.details.get("after", "")
            if any(fnmatchcase(stage, pattern) for pattern in patterns) and (version := still_there(entry, names)):
                proposal = proposals.set_stage(version, stage, archive_existing=bool(entry.details.get("archived")))
                yield Past(proposal, entry.username, entry.time)


def _move(version: ModelVersion, stage: str, by: Actor) -> None:
    approval = leave(proposals.set_stage(version, stage, archive_existing=False))
    versions.set_stage(version=version, stage=stage, archive_existing=False, by=by, approval=approval)


def still_there(entry: Entry, names: Iterable[str]) -> ModelVersion | None:
    version = ModelVersion.objects.select_related("model").filter(pk=int(entry.target_id)).first()
    if version is None or version.is_deleted or not any(fnmatchcase(version.model.name, name) for name in names):
        return None
    return version
