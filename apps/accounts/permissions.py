"""Who may change accounts: administrators, and people what is theirs."""

from apps.accounts.models import User
from mlregistry.actor import Actor, ActorKind
from mlregistry.errors import PermissionDenied


def require_admin(by: Actor) -> None:
    """Raise `PermissionDenied` unless `by` is the server itself or, at this moment, an administrator."""
    if not is_admin(by):
        raise PermissionDenied("Only an administrator may do this.")


def require_answers_for(user: User, by: Actor) -> None:
    """Raise `PermissionDenied` unless `by` is `user`, the owner of that service account, or an administrator."""
    if by.user_id is not None and by.user_id in (user.pk, user.owner_id):
        return
    if not is_admin(by):
        raise PermissionDenied("Only its own user, the owner of a service account, or an administrator may do this.")


def is_admin(by: Actor) -> bool:
    """Asked of the database, not of the request: rights taken away a moment ago are gone."""
    if by.kind is ActorKind.SYSTEM:
        return True
    return by.user_id is not None and User.objects.filter(pk=by.user_id, is_superuser=True, is_active=True).exists()
