"""Reading accounts: names are known to everyone who is signed in (permissions are given by name), the rest is not."""

from typing import Any

from django.db.models import F, Q, QuerySet

from apps.accounts.choices import UserKind
from apps.accounts.models import Team, Token, User
from mlregistry.errors import NotFound, PermissionDenied

BIGINT = 2**63
"""Keys from addresses may be larger than any that a database knows."""


def get_user(username: str) -> User:
    """The person or service account of that name."""
    user = User.objects.filter(username=username).select_related("owner").first()
    if user is None:
        raise NotFound(f"User with username={username} not found")
    return user


def get_account(asker: User, *, username: str) -> User:
    """The account of that name, for itself and administrators; to others, known and unknown names look the same."""
    if username != asker.username and not asker.is_superuser:
        raise PermissionDenied("Permission denied")
    return get_user(username)


def users() -> QuerySet[User]:
    return User.objects.order_by("pk")


ACCOUNT_KINDS = {
    "people": ("People", Q(kind=UserKind.PERSON)),
    "service-accounts": ("Service accounts", Q(kind=UserKind.SERVICE_ACCOUNT)),
    "administrators": ("Administrators", Q(is_superuser=True)),
    "switched-off": ("Switched off", Q(is_active=False)),
}
"""What lists of accounts can be narrowed down to, by the word in the address."""


def accounts(*, named: str = "", kind: str = "") -> QuerySet[User]:
    """People and service accounts whose names hold `named`."""
    _, condition = ACCOUNT_KINDS.get(kind, ("", Q()))
    return User.objects.filter(condition, username__icontains=named)


def get_by_pk(pk: int) -> User:
    found = User.objects.filter(pk=pk).select_related("owner").first() if pk < BIGINT else None
    if found is None:
        raise NotFound("There is no such account.")
    return found


def people() -> QuerySet[User]:
    return User.objects.filter(kind=UserKind.PERSON)


def service_accounts() -> QuerySet[User]:
    return User.objects.filter(kind=UserKind.SERVICE_ACCOUNT).select_related("owner")


def teams() -> QuerySet[Team]:
    return Team.objects.all()


def get_team(name: str) -> Team:
    team = Team.objects.filter(name=name).first()
    if team is None:
        raise NotFound(f"Team with name={name} not found")
    return team


def get_team_by_pk(pk: int) -> Team:
    found = Team.objects.filter(pk=pk).first() if pk < BIGINT else None
    if found is None:
        raise NotFound("There is no such team.")
    return found


def members(team: Team) -> QuerySet[User]:
    return User.objects.filter(groups=team.pk)


def memberships(team: Team) -> QuerySet[Any]:
    """Who is in the team, as rows of their own, in the order in which they came."""
    return User.groups.through.objects.filter(group=team.pk).order_by("pk")


def get_membership(team: Team, user: User) -> Any:
    found = memberships(team).filter(user=user.pk).first()
    if found is None:
        raise NotFound(f"{user.username} is not in {team.name}.")
    return found


def tokens_visible_to(user: User) -> QuerySet[Token]:
    """One's own tokens and those of the service accounts one answers for; an administrator's: all."""
    found = Token.objects.select_related("user", "created_by")
    if user.is_superuser:
        return found
    return found.filter(Q(user=user.pk) | Q(user__owner=user.pk))


def tokens_of_ones_own(user: User) -> QuerySet[Token]:
    """One's own and those of the service accounts one answers for, those in use first; of administrators, no more."""
    own = Token.objects.filter(Q(user=user.pk) | Q(user__owner=user.pk))
    return own.select_related("user").order_by(F("revoked_at").asc(nulls_first=True), "-pk")


def users_answered_for_by(user: User) -> QuerySet[User]:
    """Those for whom `user` may make tokens."""
    if user.is_superuser:
        return User.objects.all()
    return User.objects.filter(Q(pk=user.pk) | Q(owner=user.pk))
