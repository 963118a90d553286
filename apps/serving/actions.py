"""Deploying a version, as an action that policies can protect: {deploy: [fraud-live]}."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from apps.audit.models import Entry
from apps.governance.actions import Approval, Past, Proposal, add_action
from apps.registry.actions.base import VersionAction, leave, version_of
from apps.registry.models import ModelVersion
from apps.registry.queries.versions import present
from apps.serving import proposals
from apps.serving.models import Deployment, Rollout
from apps.serving.queries import ready_image
from apps.serving.rules import check_deployment_name
from apps.serving.services import deployments
from apps.serving.services.images import check_buildable
from mlregistry.actor import Actor
from mlregistry.errors import AlreadyExists

LOOKED_THROUGH = 5_000
"""Entries of the record, the newest ones, that are searched for earlier deployments."""


class Deploy(VersionAction):
    name, word = proposals.DEPLOY, "deploy"

    def describe(self, proposal: Proposal) -> str:
        return f"deploy {proposal.object_name} {proposal.subject_name} to {proposal.target}"

    def consequence(self, proposal: Proposal) -> str:
        served = _standing(proposal)
        instead = f", in the place of version {served.version.version}" if served else ""
        return f"{proposal.target} serves {proposal.subject_name}{instead}"

    def replaced(self, proposal: Proposal, before: Mapping[str, Any]) -> str:
        return f"It served version {before['version']} before." if before else "It served nothing before."

    def check(self, proposal: Proposal) -> None:
        version = version_of(proposal)
        check_deployment_name(proposal.target)
        held = Deployment.objects.filter(name=proposal.target).exclude(model=version.model_id)
        if held.exists():
            raise AlreadyExists(f"Deployment {proposal.target} serves another model; choose another name.")
        if ready_image(version) is None:
            check_buildable(version)

    def is_done(self, proposal: Proposal) -> bool:
        served = _standing(proposal)
        return served is not None and served.version_id == proposal.subject_id

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        served = _standing(proposal)
        return {"version": served.version.version} if served else {}

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        deployments.deploy(version=version_of(proposal), name=proposal.target, by=by, approval=approval)

    def take_back(self, proposal: Proposal, before: Mapping[str, Any], *, by: Actor) -> None:
        if not self.is_done(proposal):
            return
        others = present().select_related("model").filter(model=proposal.object_id)
        earlier = others.filter(version=before.get("version", 0)).first()
        if earlier is None:
            deployments.stop(deployment=Deployment.objects.get(name=proposal.target), by=by)
        else:
            leaving = leave(proposals.deploy(earlier, proposal.target))
            deployments.deploy(version=earlier, name=proposal.target, by=by, approval=leaving)

    def history(self, names: Iterable[str], targets: Iterable[str]) -> Iterable[Past]:
        patterns = list(targets)
        entries = Entry.objects.filter(action="serving.deployment.deploy").order_by("-sequence")[:LOOKED_THROUGH]
        for entry in entries:
            deployment = entry.target_name
            version = ModelVersion.objects.select_related("model").filter(pk=entry.details["version_id"]).first()
            if version is None or version.is_deleted or not _fits(version.model.name, names):
                continue
            if _fits(deployment, patterns):
                yield Past(proposals.deploy(version, deployment), entry.username, entry.time)


def add() -> None:
    add_action(Deploy())


def _standing(proposal: Proposal) -> Rollout | None:
    deployment = Deployment.objects.filter(name=proposal.target, model=proposal.object_id).first()
    return deployments.newest_standing(deployment) if deployment else None


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
