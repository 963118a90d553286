"""Who can see an object, and why: the rule of `apps.accounts.grants` in words, person by person."""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet

from apps.accounts.grants import ObjectGrants
from apps.accounts.models import User
from mlregistry.levels import Level


class Reason(StrEnum):
    """What decides, in the order in which the rule asks."""

    ADMINISTRATOR = "administrator"
    DIRECT = "direct"
    TEAM = "team"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The level of one person or service account, and what it comes from."""

    user: User
    level: Level
    reason: Reason
    teams: tuple[tuple[str, Level], ...] = ()
    """What each of the person's teams was granted, the highest first; of weight only where the reason is TEAM."""

    @property
    def words(self) -> str:
        match self.reason:
            case Reason.ADMINISTRATOR:
                return "administrator"
            case Reason.DIRECT:
                return f"granted {self.level.name} directly"
            case Reason.TEAM:
                return ", ".join(f"team {name}: {level.name}" for name, level in self.teams)
        return f"default {self.level.name}"

    @property
    def overruled(self) -> str:
        """What would count if the reason were not there."""
        if self.reason not in (Reason.ADMINISTRATOR, Reason.DIRECT) or not self.teams:
            return ""
        return ", ".join(f"team {name}: {level.name}" for name, level in self.teams)


def explained(grants: ObjectGrants, target: Model, *, among: QuerySet[User] | None = None) -> list[Explanation]:
    """Every user (or those `among`), the highest level first, then by name; four queries however many there are.

    `level()` and this say the same of everybody: tests hold them together.
    """
    direct: dict[int, Level] = {}
    by_team: dict[int, tuple[str, Level]] = {}
    for holder, level in grants.on(target):
        if isinstance(holder, Group):
            by_team[holder.pk] = (holder.name, level)
        else:
            direct[holder.pk] = level
    teams: dict[int, list[tuple[str, Level]]] = defaultdict(list)
    for member, team in User.groups.through.objects.filter(group_id__in=by_team).values_list("user_id", "group_id"):
        teams[member].append(by_team[team])
    users = User.objects.all() if among is None else among
    found = [
        _of(user, direct.get(user.pk), sorted(teams[user.pk], key=lambda held: (-held[1], held[0])))
        for user in users.select_related("owner")
    ]
    return sorted(found, key=lambda explanation: (-explanation.level, explanation.user.username.lower()))


def _of(user: User, direct: Level | None, teams: list[tuple[str, Level]]) -> Explanation:
    held = tuple(teams)
    if user.is_superuser:
        return Explanation(user, Level.MANAGE, Reason.ADMINISTRATOR, held)
    if direct is not None:
        return Explanation(user, direct, Reason.DIRECT, held)
    if teams:
        return Explanation(user, teams[0][1], Reason.TEAM, held)
    return Explanation(user, Level(settings.MLREGISTRY_DEFAULT_PERMISSION), Reason.DEFAULT)
