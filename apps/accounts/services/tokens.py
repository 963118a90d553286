"""Tokens: made once, shown once, revoked at any time."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.accounts import permissions, secret
from apps.accounts.choices import TokenScope
from apps.accounts.models import Token, User
from apps.audit import services as audit
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter

LONGEST_NAME = 100


@transaction.atomic
def create(
    *, user: User, name: str, by: Actor, scope: str = TokenScope.WRITE, expires_at: datetime | None = None
) -> tuple[Token, str]:
    """A token for `user`, and its text, which is not kept and cannot be had again."""
    permissions.require_answers_for(user, by)
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidParameter(f"A token's name has 1 to {LONGEST_NAME} characters: say what will use it.")
    if scope not in TokenScope.values:
        raise InvalidParameter(f"A token's scope is one of {', '.join(TokenScope.values)}.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidParameter("A token's expiry is in the future.")
    text, prefix, digest = secret.make()
    token = Token.objects.create(
        user=user,
        name=name.strip(),
        prefix=prefix,
        digest=digest,
        scope=scope,
        expires_at=expires_at,
        created_by_id=by.user_id,
    )
    audit.record(
        "accounts.token.create",
        target=token,
        by=by,
        user=user.username,
        scope=scope,
        expires_at=expires_at.isoformat() if expires_at else None,
    )
    return token, text


@transaction.atomic
def revoke(*, token: Token, by: Actor) -> Token:
    """Refused from the next request on. Revoking twice keeps the first time."""
    permissions.require_answers_for(token.user, by)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record("accounts.token.revoke", target=token, by=by, user=token.user.username)
    return token
