"""Levels that people and teams hold on objects: the tables an app derives its own from, and what is asked of them.

An app with objects to protect subclasses `UserGrant` and `TeamGrant`, gives each a `content_object` foreign key to the
object, and builds one `ObjectGrants` of the two. The level that counts for a user is, in this order: MANAGE for
an administrator; what was granted to the user; the highest that was granted to one of the user's teams; the default of
`MLREGISTRY_DEFAULT_PERMISSION`. So a grant of NO_PERMISSIONS takes away what a team or the default would give.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connections, models, transaction
from django.db.models.functions import Coalesce
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from apps.accounts.models import User
from apps.audit import services as audit
from mlregistry.actor import Actor
from mlregistry.conditions import Condition
from mlregistry.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Level
from mlregistry.wire.sql import Sql

M = TypeVar("M", bound=models.Model)
OBJECT = "content_object"
"""What guardian has its tables call the key to the object."""

Holder = User | Group
"""Who can hold a grant: a person, a service account or a team."""


def codename(level: Level, kind: str) -> str:
    """The auth permission that stands for `level` on objects of this kind: `read_experiment`."""
    return f"{level.name.lower()}_{kind}"


def level_named(name: str) -> Level:
    """The level that the wire calls `name`."""
    try:
        return Level[name]
    except KeyError:
        raise InvalidParameter(
            f"Invalid permission '{name}'. Valid permissions are: {tuple(level.name for level in Level)}"
        ) from None


def level_permissions(kind: str) -> list[tuple[str, Any]]:
    """`Meta.permissions` of a model whose objects can be granted."""
    return [(codename(level, kind), f"{level.name} on a {kind.replace('_', ' ')}") for level in Level]


class UserGrant(UserObjectPermissionBase):
    """The one level that a person or service account holds on an object."""

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["user", "content_object"], name="%(app_label)s_%(class)s_one_level")
        ]


class TeamGrant(GroupObjectPermissionBase):
    """The one level that a team holds on an object."""

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["group", "content_object"], name="%(app_label)s_%(class)s_one_level")
        ]


Grant = UserGrant | TeamGrant

_kinds: "list[ObjectGrants]" = []


def every_kind() -> "tuple[ObjectGrants, ...]":
    """The grants on every kind of object, for answers that list what someone holds anywhere."""
    return tuple(_kinds)


def check_level(level: int, *, at_least: Level, absent: str, subject: str) -> None:
    """The rule of access: absent and hidden look the same; what may be seen but not touched is refused by name."""
    if level < Level.READ:
        raise NotFound(absent)
    if level < at_least:
        raise PermissionDenied(f"Permission denied: this needs {at_least.name} on {subject}.")


class _Held(Condition):
    """`ObjectGrants.held_sql` for querysets."""

    def __init__(self, column: str, grants: "ObjectGrants", user: User, at_least: Level) -> None:
        super().__init__(column)
        self.grants, self.user, self.at_least = grants, user, at_least

    def sql(self, column: str, vendor: str) -> Sql:
        return self.grants.held_sql(column, self.user, at_least=self.at_least)


@dataclass(frozen=True)
class ObjectGrants:
    """Everything there is to ask and to write about the grants on one kind of object."""

    users: type[UserGrant]
    teams: type[TeamGrant]
    known_by: str = "pk"
    """The object's field by which the wire knows it."""
    called: str = ""
    """What pages call such an object, in words and addresses, where that is not its model's name."""

    def __post_init__(self) -> None:
        for table in (self.users, self.teams):
            if not any(constraint.name.endswith("_one_level") for constraint in table._meta.constraints):
                raise TypeError(f"{table.__name__}.Meta must keep the constraint of its base: one level per holder")
        _kinds.append(self)

    @cached_property
    def kind(self) -> str:
        """The object's model name, which ends each level's codename."""
        name = self._object._meta.model_name
        return str(name)

    @property
    def word(self) -> str:
        return self.called or self.kind

    @cached_property
    def _object(self) -> type[models.Model]:
        key: models.ForeignKey[Any, Any] = self.users._meta.get_field(OBJECT)  # type: ignore[assignment]  # see UserGrant
        return key.related_model

    def filter(
        self, queryset: models.QuerySet[M], user: User, *, at_least: Level = Level.READ, via: str = ""
    ) -> models.QuerySet[M]:
        """Those of `queryset` on which (or on whose `via` object) `user` holds `at_least` this level."""
        if user.is_superuser:
            return queryset
        visible: models.QuerySet[M] = queryset.filter(_Held(via or "pk", self, user, at_least))
        return visible

    def held_sql(self, object_column: str, user: User, *, at_least: Level = Level.READ) -> Sql:
        """`filter` for statements made by hand: `user` holds `at_least` this level on the object `object_column`."""
        if user.is_superuser:
            return Sql()
        # Subqueries without reference to the outer row: each is read once, whatever the size of the list.
        own = f"SELECT g.content_object_id FROM {self.users._meta.db_table} g"  # noqa: S608  names of our own tables
        team = (
            f"SELECT g.content_object_id FROM {self.teams._meta.db_table} g"  # noqa: S608  likewise
            f" JOIN {User.groups.through._meta.db_table} gm ON gm.group_id = g.group_id"
        )
        levels = ", ".join(f"'{codename(level, self.kind)}'" for level in Level if level >= at_least)
        enough = f" JOIN auth_permission gp ON gp.id = g.permission_id AND gp.codename IN ({levels})"

        def among(grants: str, holder: str, *, negated: bool = False) -> Sql:
            word = "NOT IN" if negated else "IN"
            return Sql(f"{object_column} {word} ({grants} WHERE {holder}.user_id = %s)", (user.pk,))

        by_team = among(team + enough, "gm")
        if at_least <= settings.MLREGISTRY_DEFAULT_PERMISSION:
            by_team |= among(team, "gm", negated=True)
        return among(own + enough, "g") | (among(own, "g", negated=True) & by_team)

    def annotate(
        self, queryset: models.QuerySet[M], user: User, *, via: str = "", name: str = "level"
    ) -> models.QuerySet[M]:
        """Each row with the level, as an integer named `name`, that `user` holds on it or on its `via` object."""
        if user.is_superuser:
            everything: models.QuerySet[M] = queryset.annotate(**{name: models.Value(int(Level.MANAGE))})
            return everything
        outer = models.OuterRef(via or "pk")
        level = self._level_case()
        own = self.users._default_manager.filter(user_id=user.pk, content_object=outer).values(found=level)
        team = (
            self.teams._default_manager.filter(group__user=user.pk, content_object=outer)
            .values("content_object")
            .values(found=models.Max(level))
        )
        default = models.Value(int(settings.MLREGISTRY_DEFAULT_PERMISSION))
        annotated: models.QuerySet[M] = queryset.annotate(
            **{name: Coalesce(models.Subquery(own), models.Subquery(team), default)}
        )
        return annotated

    def _level_case(self) -> models.Case:
        whens = [
            models.When(permission__codename=codename(level, self.kind), then=models.Value(int(level)))
            for level in Level
        ]
        return models.Case(*whens, output_field=models.SmallIntegerField())

    def level_sql(self, object_column: str) -> str:
        """One SQL scalar expression: the level that the user `%(user)s` holds on the object `object_column`.

        For hand-written statements on hot paths, so that the level costs no query of its own.
        """
        membership = User.groups.through._meta.db_table
        return (
            f"COALESCE((SELECT {int(Level.MANAGE)} FROM {User._meta.db_table} gu"  # noqa: S608  names of our own tables
            f" WHERE gu.id = %(user)s AND gu.is_superuser),"
            f" (SELECT {self._case_sql} FROM {self.users._meta.db_table} g"
            f" JOIN auth_permission gp ON gp.id = g.permission_id"
            f" WHERE g.user_id = %(user)s AND g.content_object_id = {object_column}),"
            f" (SELECT MAX({self._case_sql}) FROM {self.teams._meta.db_table} g"
            f" JOIN auth_permission gp ON gp.id = g.permission_id"
            f" JOIN {membership} gm ON gm.group_id = g.group_id AND gm.user_id = %(user)s"
            f" WHERE g.content_object_id = {object_column}),"
            f" {int(settings.MLREGISTRY_DEFAULT_PERMISSION)})"
        )

    @cached_property
    def _case_sql(self) -> str:
        whens = " ".join(f"WHEN '{codename(level, self.kind)}' THEN {int(level)}" for level in Level)
        return f"CASE gp.codename {whens} END"

    def level(self, target: models.Model, user: User) -> Level:
        """The level that `user` holds on `target`, in one query."""
        if user.is_superuser:
            return Level.MANAGE
        with connections[target._state.db or "default"].cursor() as cursor:
            # The expression is made of our own table names; the ids are parameters.
            cursor.execute(f"SELECT {self.level_sql('%(target)s')}", {"user": user.pk, "target": target.pk})
            return Level(cursor.fetchone()[0])

    def levels(self, target: models.Model, users: Sequence[User]) -> dict[int, Level]:
        """`level` of many users, by their keys; two queries where their groups are prefetched."""
        held = self.on(target)
        own = {holder.pk: level for holder, level in held if isinstance(holder, User)}
        team = {holder.pk: level for holder, level in held if not isinstance(holder, User)}
        found = {}
        for user in users:
            by_team = [team[group.pk] for group in user.groups.all() if group.pk in team]
            level = own.get(user.pk, max(by_team, default=Level(settings.MLREGISTRY_DEFAULT_PERMISSION)))
            found[user.pk] = Level.MANAGE if user.is_superuser else level
        return found

    def demand(
        self, found: models.QuerySet[M], user: User, *, at_least: Level, absent: str, subject: str, via: str = ""
    ) -> M:
        """The one row of `found`, once `user` holds `at_least` this level on it or on its `via` object; one query.

        Raises `NotFound(absent)` if there is none or the user may not know of it, `PermissionDenied` if the level is
        too low for `subject` ("run 4b82…").
        """
        row = self.annotate(found, user, via=via, name="level").first()
        level = Level.NO_PERMISSIONS if row is None else row.level  # type: ignore[attr-defined]  # the annotation
        check_level(level, at_least=at_least, absent=absent, subject=subject)
        return row  # type: ignore[return-value]  # without a row the level is too low

    def held_by(self, user: User) -> "list[tuple[Any, Level]]":
        """What was granted to `user` (not to a team): the object, as the wire knows it, and the level."""
        rows = self.users._default_manager.filter(user_id=user.pk).order_by("content_object_id")
        return [
            (known_by, Level(level))
            for known_by, level in rows.values_list(f"content_object__{self.known_by}", self._level_case())
        ]

    def holdings(
        self, holders: Sequence[Holder], reader: User, *, at_least: Level = Level.MANAGE
    ) -> "list[tuple[models.Model, Holder, Level]]":
        """What these holders were granted, by object: of those on which `reader` holds `at_least` this level."""
        users = [holder.pk for holder in holders if isinstance(holder, User)]
        groups = [holder.pk for holder in holders if not isinstance(holder, User)]
        found: list[tuple[models.Model, Holder, Level]] = []
        for table, key, pks in ((self.users, "user", users), (self.teams, "group", groups)):
            rows = table._default_manager.filter(**{f"{key}__in": pks}).select_related(OBJECT, key, "permission")
            shown = self.filter(rows, reader, at_least=at_least, via=OBJECT) if pks else []
            found += [(getattr(row, OBJECT), getattr(row, key), self.level_of(row)) for row in shown]
        return sorted(found, key=lambda held: str(held[0]).lower())

    def known_to(self, reader: User, *, users: models.QuerySet[User], teams: models.QuerySet[Any]) -> "list[Grant]":
        """What these hold, as far as `reader` may know: the grants on what she manages, and of her own and her teams'
        those on what she can see."""
        found: list[Grant] = []
        for table, holders, own in (
            (self.users, {"user__in": users}, models.Q(user=reader.pk)),
            (self.teams, {"group__in": teams}, models.Q(group__in=reader.groups.all())),
        ):
            rows = table._default_manager.filter(**holders).select_related(OBJECT, "permission").order_by("pk")
            if not reader.is_superuser:
                manages = models.Q(_Held(OBJECT, self, reader, Level.MANAGE))
                rows = self.filter(rows, reader, via=OBJECT).filter(own | manages)
            found += rows
        return found

    def manageable(self, pk: int, reader: User) -> models.Model:
        """The object with this key, for somebody who manages it."""
        found: models.QuerySet[models.Model] = self._object._default_manager.filter(pk=min(pk, 2**63 - 1))
        absent = f"There is no such {self.word}."
        return self.demand(found, reader, at_least=Level.MANAGE, absent=absent, subject=f"this {self.word}")

    def on(self, target: models.Model) -> "list[tuple[Holder, Level]]":
        """Every grant on `target`: people and service accounts, then teams, each by name."""
        found: list[tuple[Holder, Level]] = []
        for table, holder, name in ((self.users, "user", "username"), (self.teams, "group", "name")):
            rows = table._default_manager.filter(content_object=target).select_related(holder, "permission")
            found += [(getattr(row, holder), self.level_of(row)) for row in rows.order_by(f"{holder}__{name}")]
        return found

    def held(self, target: models.Model, holder: Holder) -> Level | None:
        """What was granted to exactly this holder, None without a grant."""
        row = self._rows(target, holder).select_related("permission").first()
        return self.level_of(row) if row else None

    def get(self, target: models.Model, holder: Holder) -> Level:
        """The same, and `NotFound` without a grant."""
        level = self.held(target, holder)
        if level is None:
            raise self._missing(target, holder)
        return level

    def allow(self, target: models.Model, holder: Holder, level: Level | None, leave: Any) -> dict[str, Any]:
        """Refuse a change (`level` None: taking the grant back), or say what the record tells of it besides.

        Asked in the transaction of each change, for apps whose objects need more than that `by` manages them; `leave`
        is what their callers have in the place of asking.
        """
        return {}

    @transaction.atomic
    def create(self, *, target: models.Model, holder: Holder, level: Level, by: Actor, leave: Any = None) -> Grant:
        """Grant to whoever has no grant on `target` yet. Whether `by` may grant is the caller's to ask."""
        taken = AlreadyExists(f"{self._words} permission ({self._names(target, holder)}) already exists.")
        if self._rows(target, holder).exists():
            raise taken
        told = self.allow(target, holder, level, leave)
        try:
            with transaction.atomic():
                row = self._add(target, holder, level)
        except IntegrityError:  # somebody else was faster
            raise taken from None
        self._record("create", target, holder, by, level=level.name, **told)
        return row

    @transaction.atomic
    def update(self, *, target: models.Model, holder: Holder, level: Level, by: Actor, leave: Any = None) -> Grant:
        """Change the level of a grant that is there."""
        rows = self._rows(target, holder).select_for_update(of=("self",), no_key=True).select_related("permission")
        row: Grant | None = rows.first()
        if row is None:
            raise self._missing(target, holder)
        told = self.allow(target, holder, level, leave)
        before = self.level_of(row)
        row.permission = self._permission(level)
        row.save()
        self._record("update", target, holder, by, level=level.name, before=before.name, **told)
        return row

    @transaction.atomic
    def set(self, *, target: models.Model, holder: Holder, level: Level, by: Actor, leave: Any = None) -> None:
        """Grant, or change what was granted."""
        change = ObjectGrants.update if self._rows(target, holder).exists() else ObjectGrants.create
        change(self, target=target, holder=holder, level=level, by=by, leave=leave)

    @transaction.atomic
    def remove(self, *, target: models.Model, holder: Holder, by: Actor, leave: Any = None) -> None:
        """Take a grant back: what the holder's teams and the default give counts again."""
        told = self.allow(target, holder, None, leave)
        deleted, _ = self._rows(target, holder).delete()
        if not deleted:
            raise self._missing(target, holder)
        self._record("remove", target, holder, by, **told)

    @property
    def _words(self) -> str:
        return str(self._object._meta.verbose_name).capitalize()

    @property
    def wire_key(self) -> str:
        """The wire's field that names the object: `experiment_id`, or just `name`."""
        return f"{self.kind}_id" if self.known_by == "pk" else self.known_by

    def _names(self, target: models.Model, holder: Holder, joined: str = ", ") -> str:
        kind = "username" if isinstance(holder, User) else "team"
        return f"{self.wire_key}={getattr(target, self.known_by)}{joined}{kind}={holder}"

    def _missing(self, target: models.Model, holder: Holder) -> NotFound:
        return NotFound(f"{self._words} permission with {self._names(target, holder, ' and ')} not found")

    def _rows(self, target: models.Model, holder: Holder) -> "models.QuerySet[Any]":
        if isinstance(holder, User):
            return self.users._default_manager.filter(content_object=target, user=holder)
        return self.teams._default_manager.filter(content_object=target, group_id=holder.pk)

    def _add(self, target: models.Model, holder: Holder, level: Level) -> Grant:
        holds = {"user": holder} if isinstance(holder, User) else {"group_id": holder.pk}
        table: type[Any] = self.users if isinstance(holder, User) else self.teams
        row: Grant = table._default_manager.create(content_object=target, permission=self._permission(level), **holds)
        return row

    def _permission(self, level: Level) -> Permission:
        return Permission.objects.get(
            content_type=ContentType.objects.get_for_model(self._object), codename=codename(level, self.kind)
        )

    def level_of(self, row: Grant) -> Level:
        return Level[row.permission.codename.removesuffix(f"_{self.kind}").upper()]

    def _record(self, verb: str, target: models.Model, holder: Holder, by: Actor, **told: Any) -> None:
        kind = "user" if isinstance(holder, User) else "team"
        audit.record(
            f"accounts.grant.{verb}",
            target=target,
            by=by,
            holder=f"{kind}:{holder}",
            **told,
        )
