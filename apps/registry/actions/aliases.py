"""Pointing an alias at a version, and removing one."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from apps.audit.models import Entry
from apps.governance.actions import Approval, Past, Proposal
from apps.registry import proposals
from apps.registry.actions.base import ModelAction, VersionAction, leave, model_of, version_of
from apps.registry.actions.stages import LOOKED_THROUGH, still_there
from apps.registry.models import Alias, ModelVersion
from apps.registry.queries.versions import present
from apps.registry.services import versions
from mlregistry.actor import Actor


class _OfAlias(ModelAction):
    word = "alias"

    def replaced(self, proposal: Proposal, before: Mapping[str, Any]) -> str:
        number = before.get("version")
        return f"The alias pointed at version {number} before." if number else "There was no such alias before."


class SetAlias(_OfAlias, VersionAction):
    name = proposals.SET_ALIAS

    def describe(self, proposal: Proposal) -> str:
        return f"point alias {proposal.target} of {proposal.object_name} at {proposal.subject_name}"

    def consequence(self, proposal: Proposal) -> str:
        held = _held(proposal)
        moved = f", and no longer at version {held}" if held else ""
        return f"alias {proposal.target} points at {proposal.subject_name}{moved}"

    def is_done(self, proposal: Proposal) -> bool:
        return Alias.objects.filter(
            model=proposal.object_id, name=proposal.target, version=proposal.subject_id
        ).exists()

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        return {"version": _held(proposal)}

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        versions.set_alias(version=version_of(proposal), alias=proposal.target, by=by, approval=approval)

    def take_back(self, proposal: Proposal, before: Mapping[str, Any], *, by: Actor) -> None:
        if not self.is_done(proposal):
            return
        model = model_of(proposal)
        earlier = _version_numbered(proposal, before.get("version"))
        if earlier is None:
            approval = leave(proposals.delete_alias(model, proposal.target))
            versions.delete_alias(model=model, alias=proposal.target, by=by, approval=approval)
        else:
            _point(earlier, proposal.target, by)

    def history(self, names: Iterable[str], targets: Iterable[str]) -> Iterable[Past]:
        patterns = list(targets)
        entries = Entry.objects.filter(action="registry.alias.set").order_by("-sequence")
        for entry in entries[:LOOKED_THROUGH]:
            alias = entry.details.get("alias", "")
            if any(fnmatchcase(alias, pattern) for pattern in patterns) and (version := still_there(entry, names)):
                yield Past(proposals.set_alias(version, alias), entry.username, entry.time)


class DeleteAlias(_OfAlias):
    name = proposals.DELETE_ALIAS

    def describe(self, proposal: Proposal) -> str:
        return f"remove alias {proposal.target} of {proposal.object_name}"

    def consequence(self, proposal: Proposal) -> str:
        return f"alias {proposal.target} is gone: whoever loads the model by it gets an error"

    def is_done(self, proposal: Proposal) -> bool:
        return _held(proposal) is None

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        return {"version": _held(proposal)}

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        return {"version": _held(proposal)}

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        versions.delete_alias(model=model_of(proposal), alias=proposal.target, by=by, approval=approval)

    def take_back(self, proposal: Proposal, before: Mapping[str, Any], *, by: Actor) -> None:
        earlier = _version_numbered(proposal, before.get("version"))
        if earlier is not None and self.is_done(proposal):
            _point(earlier, proposal.target, by)


def _version_numbered(proposal: Proposal, number: int | None) -> ModelVersion | None:
    versions_of_it = present().select_related("model").filter(model=proposal.object_id)
    return versions_of_it.filter(version=number).first() if number else None


def _point(version: ModelVersion, alias: str, by: Actor) -> None:
    versions.set_alias(version=version, alias=alias, by=by, approval=leave(proposals.set_alias(version, alias)))


def _held(proposal: Proposal) -> int | None:
    """The number of the version that the alias points at."""
    aliases = Alias.objects.filter(model=proposal.object_id, name=proposal.target)
    return aliases.values_list("version__version", flat=True).first()
