"""Policies, teams and requests to test with, made by the services that everybody uses."""

from typing import Any

from apps.accounts.models import Team, User
from apps.accounts.services import teams
from apps.governance.choices import Decision
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.governance.services import policies, voting
from apps.governance.services.opening import ApprovalNeeded
from apps.registry.models import ModelVersion
from apps.registry.services import versions
from mlregistry.actor import system

BY = system("test")
PRODUCTION: dict[str, Any] = {"protects": {"stage": ["Production"], "alias": ["champion"]}}


def make_team(name: str, *members: User, by: User) -> Team:
    team = teams.create(name=name, by=by.actor())
    for member in members:
        teams.add_member(team=team, user=member, by=by.actor())
    return team


def make_policy(by: User, name: str = "production", **document: Any) -> PolicyRevision:
    """A policy in force. The first there is takes nobody else's agreement; later ones are put in force as agreed."""
    revision = policies.write_draft(name=name, document=PRODUCTION | document, by=by.actor())
    request = policies.publish(revision=revision, by=by.actor())
    if request is not None:
        other, _ = User.objects.get_or_create(
            username="second-pair-of-eyes", defaults={"is_superuser": True, "is_staff": True}
        )
        approve(request, other)
    revision.refresh_from_db()
    assert revision.published_at is not None
    return revision


def ask(user: User, version: ModelVersion, stage: str = "Production", *, archive: bool = False) -> ChangeRequest:
    """Try to move the version; the request that comes of it."""
    try:
        versions.set_stage(version=version, stage=stage, archive_existing=archive, by=user.actor())
    except ApprovalNeeded as needed:
        return needed.request
    raise AssertionError(f"{version} was moved to {stage} without approval")


def approve(request: ChangeRequest, voter: User, **more: Any) -> ChangeRequest:
    return voting.vote(request=request, voter=voter, decision=Decision.APPROVE, by=voter.actor(), **more)


def reject(request: ChangeRequest, voter: User, comment: str = "no") -> ChangeRequest:
    return voting.vote(request=request, voter=voter, decision=Decision.REJECT, by=voter.actor(), comment=comment)
