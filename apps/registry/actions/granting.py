"""Giving and taking back levels on a model. Policies name levels: {permission: [MANAGE]}, or "*" for every change."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group

from apps.accounts.grants import Holder
from apps.accounts.models import User
from apps.governance.actions import Approval, Contributor, Proposal
from apps.registry import proposals
from apps.registry.actions.base import ModelAction, leave, model_of
from apps.registry.models import RegisteredModelTeamGrant
from apps.registry.permissions import MODEL_GRANTS
from mlregistry.actor import Actor
from mlregistry.errors import NotFound
from mlregistry.levels import Level

TOLD = 5
"""Members of a team of whom it is told that they came or went."""


class ChangePermission(ModelAction):
    """A level for a holder. It touches the level that they get, and the one that they had."""

    name, word = proposals.CHANGE_PERMISSION, "permission"

    def distinct(self, payload: Mapping[str, Any]) -> str:
        return f"{payload['kind']}:{payload['holder_id']}"

    def doors(self, proposal: Proposal) -> list[tuple[str, str]]:
        holder, level = _holder(proposal), _level(proposal)
        then = _without(proposal, holder) if level is None else level
        before = MODEL_GRANTS.held(model_of(proposal), holder)
        touched = {then} if before is None else {then, before}
        return [(self.word, each.name) for each in sorted(touched)]

    def describe(self, proposal: Proposal) -> str:
        holder = f"{proposal.payload['kind']} {proposal.payload['holder']}"
        if _level(proposal) is None:
            return f"take back what {holder} was granted on {proposal.object_name}"
        return f"give {holder} {proposal.target} on {proposal.object_name}"

    def check(self, proposal: Proposal) -> None:
        super().check(proposal)
        _holder(proposal)

    def is_done(self, proposal: Proposal) -> bool:
        return MODEL_GRANTS.held(model_of(proposal), _holder(proposal)) == _level(proposal)

    def standing(self, proposal: Proposal) -> dict[str, Any]:
        return {"level": _name(MODEL_GRANTS.held(model_of(proposal), _holder(proposal)))}

    def lock(self, proposal: Proposal) -> None:
        """Nobody joins a team, or leaves it, while it is decided what it gets."""
        super().lock(proposal)
        if proposal.payload["kind"] != "user":
            Group.objects.select_for_update(no_key=True).filter(pk=proposal.payload["holder_id"]).first()

    def replaced(self, proposal: Proposal, before: Mapping[str, Any]) -> str:
        held = before.get("level")
        return f"It was {held} before." if held else "Nothing had been given before."

    def evidence(self, proposal: Proposal) -> dict[str, Any]:
        holder = _holder(proposal)
        members = {} if isinstance(holder, User) else {"members": _members(holder)}
        return {"holder": str(holder), **members, **self.standing(proposal)}

    def difference(self, key: str, before: Any, after: Any) -> list[str] | None:
        if key != "members":
            return None
        before, after = set(before or ()), set(after or ())
        came = [f"{name} has joined the team" for name in sorted(after - before)[:TOLD]]
        return came + [f"{name} has left the team" for name in sorted(before - after)[:TOLD]]

    def contributors(self, proposal: Proposal) -> list[Contributor]:
        """Nobody votes on what they would hold themselves."""
        holder = _holder(proposal)
        if not isinstance(holder, User):
            return [Contributor(name, f"is in {holder.name}, which would hold this") for name in _members(holder)]
        found = [Contributor(holder.username, "would hold this")]
        if holder.owner is not None:
            found.append(Contributor(holder.owner.username, f"answers for {holder.username}, which would hold this"))
        return found

    def apply(self, proposal: Proposal, *, by: Actor, approval: Approval) -> None:
        _write(proposal, _level(proposal), by=by, approval=approval)

    def take_back(self, proposal: Proposal, before: Mapping[str, Any], *, by: Actor) -> None:
        if not self.is_done(proposal):
            return
        level = Level[before["level"]] if before.get("level") else None
        again = proposals.change_permission(model_of(proposal), _holder(proposal), level)
        _write(proposal, level, by=by, approval=leave(again))


def _write(proposal: Proposal, level: Level | None, *, by: Actor, approval: Approval) -> None:
    model, holder = model_of(proposal), _holder(proposal)
    if level is None:
        MODEL_GRANTS.remove(target=model, holder=holder, by=by, leave=approval)
    else:
        MODEL_GRANTS.set(target=model, holder=holder, level=level, by=by, leave=approval)


def _holder(proposal: Proposal) -> Holder:
    kind: Any = User if proposal.payload["kind"] == "user" else Group
    found: Holder | None = kind.objects.filter(pk=proposal.payload["holder_id"]).first()
    if found is None:
        raise NotFound(f"There is nobody called {proposal.payload['holder']} any more.")
    return found


def _members(team: Group) -> list[str]:
    return list(User.objects.filter(groups=team).order_by("username").values_list("username", flat=True))


def _level(proposal: Proposal) -> Level | None:
    return None if proposal.target == proposals.TAKEN_BACK else Level[proposal.target]


def _name(level: Level | None) -> str | None:
    return None if level is None else level.name


def _without(proposal: Proposal, holder: Holder) -> Level:
    """What somebody holds whose own grant is taken back: the highest of their teams', or the default."""
    default = Level(settings.MLREGISTRY_DEFAULT_PERMISSION)
    if not isinstance(holder, User):
        return default
    teams = RegisteredModelTeamGrant.objects.filter(content_object=proposal.object_id, group__user=holder)
    model, groups = model_of(proposal), [row.group for row in teams.select_related("group")]
    return max((MODEL_GRANTS.get(model, group) for group in groups), default=default)
