"""Teams and who is in them. Membership gives permissions, so each change of it is on record."""

from typing import Protocol

from django.db import IntegrityError, transaction

from apps.accounts import permissions
from apps.accounts.models import RESERVED_NAMES, Team, User
from apps.audit import services as audit
from mlregistry.actor import Actor
from mlregistry.errors import AlreadyExists, InvalidParameter, NotFound

LONGEST_NAME = 150


class Check(Protocol):
    """Raises where this user may not join the team, or may not leave it, for what else that would change."""

    def __call__(self, team: Team, user: User, /, *, joins: bool) -> None: ...


_checks: list[Check] = []


def add_check(check: Check) -> None:
    """For apps above this one, whose objects teams hold; asked in the transaction of each change."""
    if check not in _checks:
        _checks.append(check)


@transaction.atomic
def create(*, name: str, by: Actor, description: str = "") -> Team:
    permissions.require_admin(by)
    team = Team(name=_acceptable(name), description=description)
    _save(team)
    audit.record("accounts.team.create", target=team, by=by)
    return team


@transaction.atomic
def update(*, team: Team, by: Actor, name: str | None = None, description: str | None = None) -> Team:
    """Rename or describe; what is None stays as it is."""
    permissions.require_admin(by)
    _hold(team)
    before = {"name": team.name, "description": team.description}
    if name is not None:
        team.name = _acceptable(name)
    if description is not None:
        team.description = description
    _save(team)
    audit.record("accounts.team.update", target=team, by=by, before=before, after=before | _state(team))
    return team


@transaction.atomic
def add_member(*, team: Team, user: User, by: Actor) -> bool:
    """Whether that changed anything: adding a member twice does not, and is not recorded twice."""
    permissions.require_admin(by)
    _hold(team)
    if user.groups.filter(pk=team.pk).exists():
        return False
    _check(team, user, joins=True)
    user.groups.add(team)
    audit.record("accounts.team.add_member", target=team, by=by, member=user.username)
    return True


@transaction.atomic
def remove_member(*, team: Team, user: User, by: Actor) -> bool:
    """Whether there was anybody to remove."""
    permissions.require_admin(by)
    _hold(team)
    if not user.groups.filter(pk=team.pk).exists():
        return False
    _check(team, user, joins=False)
    user.groups.remove(team)
    audit.record("accounts.team.remove_member", target=team, by=by, member=user.username)
    return True


@transaction.atomic
def delete(*, team: Team, by: Actor) -> None:
    """Delete a team with its grants; its members stay."""
    permissions.require_admin(by)
    _hold(team, goes=True)
    members = list(User.objects.filter(groups=team.pk).order_by("username"))
    for member in members:
        _check(team, member, joins=False)
    audit.record("accounts.team.delete", target=team, by=by, members=[member.username for member in members])
    team.delete()


def _check(team: Team, user: User, *, joins: bool) -> None:
    for check in _checks:
        check(team, user, joins=joins)


def _hold(team: Team, *, goes: bool = False) -> None:
    """Lock the team, so that it is neither made anew by saving it nor deleted twice.

    One that `goes` is held with its key: whoever is about to refer to it waits, and finds it gone.
    """
    if not Team.objects.select_for_update(of=("self",), no_key=not goes).filter(pk=team.pk).values_list("pk"):
        raise NotFound(f"The team {team.name} is no longer there.")


def _state(team: Team) -> dict[str, str]:
    return {"name": team.name, "description": team.description}


def _acceptable(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidParameter(f"A team's name has 1 to {LONGEST_NAME} printable characters.")
    if name.startswith(RESERVED_NAMES):
        raise InvalidParameter(f"A team's name does not begin with '{RESERVED_NAMES}': such names are taken for users.")
    return name


def _save(team: Team) -> None:
    if Team.objects.filter(name=team.name).exclude(pk=team.pk).exists():
        raise AlreadyExists(f"There is a team named {team.name} already.")
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError:  # somebody else was faster
        raise AlreadyExists(f"There is a team named {team.name} already.") from None
