"""People: made, given a password or rights, switched off, deleted. Each with its row in the audit."""

import secrets

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from apps.accounts import permissions
from apps.accounts.choices import UserKind
from apps.accounts.models import User
from apps.accounts.passwords import require_acceptable
from apps.audit import services as audit
from mlregistry.actor import Actor, system
from mlregistry.errors import AlreadyExists, BadRequest, InvalidParameter

RANDOM_PASSWORD_BYTES = 18


@transaction.atomic
def create(*, username: str, password: str | None, by: Actor, is_admin: bool = False, email: str = "") -> User:
    """A person who signs in with `password`; held to the length alone, see `require_strong_password` for pages."""
    permissions.require_admin(by)
    user = User(username=username, email=email, is_superuser=is_admin, is_staff=True)
    user.set_password(require_acceptable(password))
    save_new(user)
    audit.record("accounts.person.create", target=user, by=by, is_admin=is_admin)
    return user


def save_new(user: User) -> None:
    """Save a user that was not there before; the name must be well-formed and free, in any spelling."""
    try:
        user.clean_fields(exclude={"password"})
        if User.objects.filter(username__iexact=user.username).exists():
            raise AlreadyExists(f"User (username={user.username}) already exists.")
        with transaction.atomic():
            user.save(force_insert=True)
    except ValidationError as error:
        raise InvalidParameter(" ".join(error.messages)) from None
    except IntegrityError:  # somebody else was faster
        raise AlreadyExists(f"User (username={user.username}) already exists.") from None


@transaction.atomic
def set_password(*, user: User, password: str | None, by: Actor) -> None:
    """Sessions of the old password end with it; tokens stay, they are revoked one by one."""
    permissions.require_answers_for(user, by)
    _require_person(user)
    user.set_password(require_acceptable(password))
    user.save(update_fields=["password"])
    audit.record("accounts.person.set_password", target=user, by=by)


@transaction.atomic
def choose_password(*, user: User, password: str | None, by: Actor, current: str | None = None) -> None:
    """As `set_password`, but who changes their own must say the current one.

    So a session left open, or a token found, does not suffice to take the account over.
    """
    if by.user_id != user.pk:
        permissions.require_admin(by)
    elif not current:
        raise InvalidParameter("Current password is required when changing your own password.")
    elif not user.check_password(current):
        raise InvalidParameter("Current password does not match.")
    elif password == current:
        raise InvalidParameter("New password must differ from the current password.")
    set_password(user=user, password=password, by=by)


@transaction.atomic
def set_admin(*, user: User, is_admin: bool, by: Actor) -> None:
    permissions.require_admin(by)
    _require_person(user)
    if not is_admin:
        _require_another_admin(user)
    user.is_superuser = is_admin
    user.save(update_fields=["is_superuser"])
    audit.record("accounts.person.set_admin", target=user, by=by, is_admin=is_admin)


@transaction.atomic
def set_active(*, user: User, is_active: bool, by: Actor) -> None:
    """Switch an account off or on again. Off, it and its service accounts are refused from the next request on."""
    permissions.require_admin(by)
    if not is_active:
        _require_another_admin(user)
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    verb = "activate" if is_active else "deactivate"
    audit.record(f"accounts.{user.kind}.{verb}", target=user, by=by)


@transaction.atomic
def update(
    *, user: User, by: Actor, is_admin: bool | None = None, is_active: bool | None = None, email: str | None = None
) -> None:
    """Whatever of this differs from what is; what is None stays."""
    permissions.require_admin(by)
    if email is not None and email != user.email:
        user.email = email
        user.save(update_fields=["email"])
        audit.record("accounts.person.set_email", target=user, by=by)
    if is_admin is not None and is_admin != user.is_superuser:
        set_admin(user=user, is_admin=is_admin, by=by)
    if is_active is not None and is_active != user.is_active:
        set_active(user=user, is_active=is_active, by=by)


@transaction.atomic
def delete(*, user: User, by: Actor) -> None:
    """Delete an account with its tokens and grants. What it did stays on record, by name."""
    permissions.require_admin(by)
    if by.user_id == user.pk:
        raise BadRequest("Users cannot delete their own account. Ask another admin to delete this user instead.")
    _require_another_admin(user)
    audit.record(f"accounts.{user.kind}.delete", target=user, by=by)
    try:
        user.delete()
    except ProtectedError:
        owned = ", ".join(user.service_accounts.order_by("username").values_list("username", flat=True))
        raise InvalidParameter(
            f"{user.username} answers for service accounts ({owned}): give them another owner first."
        ) from None


def ensure_first_admin(*, username: str, password: str) -> str | None:
    """Make the first administrator where there is none; two servers starting at once make one.

    Returns the random password it made up, to be shown once; None when one was given or an administrator is there.
    """
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        return None
    chosen = password or secrets.token_urlsafe(RANDOM_PASSWORD_BYTES)
    try:
        create(username=username, password=chosen, is_admin=True, by=system("serve"))
    except AlreadyExists:
        if User.objects.filter(username=username, is_superuser=True).exists():
            return None
        raise InvalidParameter(
            f"{username} is there already, and no administrator: set MLREGISTRY_ADMIN_USERNAME to another name."
        ) from None
    return None if password else chosen


def _require_person(user: User) -> None:
    if user.kind != UserKind.PERSON:
        raise InvalidParameter(f"{user.username} is a service account: it has tokens, and neither password nor rights.")


def _require_another_admin(user: User) -> None:
    """Never lose the last one; the rows are locked, so that two cannot demote each other."""
    admins = User.objects.select_for_update(no_key=True).filter(is_superuser=True, is_active=True)
    if {admin.pk for admin in admins} == {user.pk}:
        raise InvalidParameter(f"{user.username} is the only administrator left: make another one first.")
