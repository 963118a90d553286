"""Roles as MLflow's wire has them: a team is one, and so is what a user was granted by name, if anything was.

The first is known by the team's number, the second by the user's, negated, and by a name that no team may have.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from apps.accounts.grants import OBJECT, Grant, Holder, UserGrant, level_named
from apps.accounts.models import RESERVED_NAMES, Team, User
from apps.accounts.resources import Resource, every_resource, find_resource
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Level

WORKSPACE = "default"
"""The one that MLflow has when it is asked for no others."""
DENY = "DENY"
"""MLflow's word for a grant that takes away: here a user's NO_PERMISSIONS, which overrules teams and the default."""
KINDS = 16
"""Tables of grants for which there are numbers in a permission's id; clients keep these, so it stays."""

Held = Mapping[int, "list[RolePermission]"]


@dataclass(frozen=True, slots=True)
class RolePermission:
    id: int
    role_id: int
    resource_type: str
    resource_pattern: str
    permission: str


@dataclass(frozen=True, slots=True)
class Role:
    id: int
    name: str
    description: str | None
    permissions: list[RolePermission] = field(default_factory=list)


def role_of(holder: Holder, reader: User) -> Role:
    """The role of a team or user, with what `reader` may know of its permissions."""
    if isinstance(holder, User):
        return _own(holder.pk, _permissions(reader, users=User.objects.filter(pk=holder.pk)))
    teams = Team.objects.filter(pk=holder.pk)
    held = _permissions(reader, teams=teams)
    return _of_team(holder, held)


def roles_of_teams(teams: QuerySet[Team], reader: User) -> list[Role]:
    held = _permissions(reader, teams=teams)
    return [_of_team(team, held) for team in teams.order_by("pk")]


def roles_of_users(users: QuerySet[User], reader: User) -> dict[int, list[Role]]:
    """By each user's key the user's own role, if anything was granted by name, and teams; however many users, in as
    many queries."""
    teams = Team.objects.filter(user__in=users).distinct()
    held = _permissions(reader, users=users, teams=teams)
    by_team = {team.pk: _of_team(team, held) for team in teams}
    found: dict[int, list[Role]] = defaultdict(list)
    for role_id in held:
        if role_id < 0:
            found[-role_id].append(_own(-role_id, held))
    members = User.groups.through.objects.filter(user__in=users, group__in=teams).order_by("group_id")
    for user_id, team_id in members.values_list("user_id", "group_id"):
        if team_id in by_team:
            found[user_id].append(by_team[team_id])
    return found


def roles_of_user(user: User, reader: User) -> list[Role]:
    return roles_of_users(User.objects.filter(pk=user.pk), reader)[user.pk]


def find_holder(reader: User, role_id: int) -> Holder:
    """Whose role it is. Administrators see all roles; others their own, and as members of a team those of teams."""
    found: Holder | None
    if role_id < 0:
        found = User.objects.filter(pk=-role_id).first()
        visible = found == reader
    else:
        found = Team.objects.filter(pk=role_id).first()
        visible = found is not None and sees_teams(reader)
    if not reader.is_superuser and not visible:
        raise PermissionDenied("Permission denied")
    if found is None:
        raise NotFound(f"Role with id={role_id} not found")
    return found


def sees_teams(reader: User) -> bool:
    """Whether teams are roles that `reader` can list: as on MLflow, for whoever is in one."""
    return reader.is_superuser or reader.groups.exists()


def find_team(role_id: int) -> Team:
    """The team that this role is, for administrators."""
    found = Team.objects.filter(pk=role_id).first()
    if found is None:
        raise NotFound(f"Role with id={role_id} not found")
    return found


def find_grant(permission_id: int) -> tuple[Resource, Any, Holder]:
    """What a permission's id stands for: the grant on which object, and whose. For administrators."""
    pk, kind = divmod(permission_id, KINDS)
    number, of_user = divmod(kind, 2)
    for resource in every_resource():
        if resource.number == number:
            table, holder = (resource.grants.users, "user") if of_user else (resource.grants.teams, "group")
            row = table._default_manager.select_related(OBJECT, holder).filter(pk=pk).first()
            if row is not None:
                return resource, getattr(row, OBJECT), getattr(row, holder)
    raise NotFound(f"Role permission with id={permission_id} not found")


def permission_of(resource: Resource, row: Grant) -> RolePermission:
    """A grant, whose object was read with it, as MLflow spells it."""
    target: Any = row.content_object  # type: ignore[union-attr]  # see UserGrant
    of_user = isinstance(row, UserGrant)
    level = resource.grants.level_of(row)
    return RolePermission(
        id=row.pk * KINDS + resource.number * 2 + of_user,
        role_id=-row.user_id if isinstance(row, UserGrant) else row.group_id,
        resource_type=resource.type_of(target),
        resource_pattern=str(getattr(target, resource.grants.known_by)),
        permission=DENY if of_user and level is Level.NO_PERMISSIONS else level.name,
    )


def level_asked(name: str, holder: Holder) -> Level:
    """The level that a client means by `name`, if this holder can have it."""
    if name == DENY:
        if isinstance(holder, User):
            return Level.NO_PERMISSIONS
        raise InvalidParameter(
            "A team cannot hold DENY: what a member was granted by name, or by another team, would still count."
            " Grant DENY to the members themselves."
        )
    level = level_named(name)
    if level is Level.NO_PERMISSIONS:
        raise InvalidParameter("Invalid permission 'NO_PERMISSIONS': grant DENY to a user, or nothing.")
    return level


def level_that_counts(asker: User, user: User, type_name: str, key: str) -> tuple[bool, str]:
    """Whether `user` may use the object, and the level that counts there, as `asker` may know it: of what is absent,
    or hidden from the asker, nothing is said."""
    try:
        resource, target = find_resource(asker, type_name, key, at_least=Level.READ)
    except NotFound:
        return False, Level.NO_PERMISSIONS.name
    level = resource.grants.level(target, user)
    denied = level is Level.NO_PERMISSIONS and resource.grants.held(target, user) is not None
    return level >= Level.USE, DENY if denied else level.name


def _permissions(reader: User, *, users: QuerySet[User] | None = None, teams: QuerySet[Team] | None = None) -> Held:
    """What these hold and `reader` may know of, by the role's id."""
    users = User.objects.none() if users is None else users
    teams = Team.objects.none() if teams is None else teams
    found: dict[int, list[RolePermission]] = defaultdict(list)
    for resource in every_resource():
        for row in resource.grants.known_to(reader, users=users, teams=teams):
            permission = permission_of(resource, row)
            found[permission.role_id].append(permission)
    return found


def _of_team(team: Any, held: Held) -> Role:
    return Role(team.pk, team.name, team.description or None, held.get(team.pk, []))


def _own(user_id: int, held: Held) -> Role:
    return Role(-user_id, f"{RESERVED_NAMES}{user_id}__", None, held.get(-user_id, []))
