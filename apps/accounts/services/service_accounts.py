"""Service accounts: programs that sign in with tokens, each with a person who answers for it."""

from django.db import transaction

from apps.accounts import permissions
from apps.accounts.choices import UserKind
from apps.accounts.models import User
from apps.accounts.services import people
from apps.audit import services as audit
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter


@transaction.atomic
def create(*, username: str, owner: User, by: Actor) -> User:
    """A service account without a password: tokens are its only way in."""
    permissions.require_admin(by)
    _require_owner(owner)
    account = User(username=username, kind=UserKind.SERVICE_ACCOUNT, owner=owner)
    account.set_unusable_password()
    people.save_new(account)
    audit.record("accounts.service_account.create", target=account, by=by, owner=owner.username)
    return account


@transaction.atomic
def set_owner(*, account: User, owner: User, by: Actor) -> User:
    """Hand a service account to another person."""
    permissions.require_admin(by)
    _require_owner(owner)
    if account.kind != UserKind.SERVICE_ACCOUNT:
        raise InvalidParameter(f"{account.username} is a person, who answers for herself.")
    before = account.owner_username
    account.owner = owner
    account.owner_username = owner.username
    account.save(update_fields=["owner"])
    audit.record("accounts.service_account.set_owner", target=account, by=by, owner=owner.username, before=before)
    return account


@transaction.atomic
def update(*, account: User, by: Actor, owner: User | None = None, is_active: bool | None = None) -> None:
    """Whatever of this differs from what is; what is None stays."""
    permissions.require_admin(by)
    if owner is not None and owner.pk != account.owner_id:
        set_owner(account=account, owner=owner, by=by)
    if is_active is not None and is_active != account.is_active:
        people.set_active(user=account, is_active=is_active, by=by)


def _require_owner(owner: User) -> None:
    if owner.kind != UserKind.PERSON or not owner.is_active:
        raise InvalidParameter(f"{owner.username} cannot own a service account: its owner is a person with access.")
