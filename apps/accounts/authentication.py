"""Who makes a request: a token as Bearer, a name with a password or a token as Basic, or a signed-in page's session.

This is on the path of every call, so each way in is one hand-written statement that reads the token, its user and
whatever may forbid them together; nothing that was revoked, disabled or changed is believed a request longer.
"""

import base64
import copy
import hmac
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.accounts import lockout, secret
from apps.accounts.laptop import everyone, is_off
from apps.accounts.models import Token, User
from apps.accounts.passwords import VerifiedPasswords, spend_the_time_of_a_check
from mlregistry.wire.errors import CHALLENGE

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
USED_EVERY = timedelta(minutes=1)
"""How fine "last used" is: a busy token is not written to on every request."""

WRONG_TOKEN = "The token is unknown, expired or revoked."  # noqa: S105  a sentence
WRONG_PASSWORD = "The username or the password is wrong."  # noqa: S105  a sentence

verified = VerifiedPasswords()

Signed = tuple[User, Token | None]

# In the order of the models' own fields, which is how `from_db` takes them; the rest is read when someone asks for it.
USER_FIELDS = ("id", "is_superuser", "username", "is_staff", "is_active", "kind", "owner_id")
TOKEN_FIELDS = ("id", "user_id", "prefix", "scope")
_USER_COLUMNS = ", ".join(f"u.{name}" for name in USER_FIELDS)
_TOKEN_COLUMNS = ", ".join(f"t.{name}" for name in TOKEN_FIELDS)
_USERS = "accounts_user u LEFT JOIN accounts_user o ON o.id = u.owner_id"
_ACTS = "u.is_active AND (o.id IS NULL OR o.is_active)"  # a service account acts while its owner does

TOKEN_SQL = f"""
    SELECT t.digest, {_ACTS} AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %(now)s),
           t.last_used_at IS NULL OR t.last_used_at < %(stale)s, o.username, {_TOKEN_COLUMNS}, {_USER_COLUMNS}
      FROM accounts_token t JOIN {_USERS.replace("u LEFT", "u ON u.id = t.user_id LEFT", 1)}
     WHERE t.prefix = %(prefix)s
"""  # noqa: S608  made of the constants above
PASSWORD_SQL = f"""
    SELECT u.password, {_ACTS}, ({lockout.FAILURES_SQL}), o.username, {_USER_COLUMNS}
      FROM {_USERS}
     WHERE u.username = %(username)s
"""  # noqa: S608  made of the constants above


class WireAuthentication(BaseAuthentication):
    """Sign-in for both APIs. A request without credentials is nobody's; wrong credentials are refused at once."""

    def authenticate(self, request: Request) -> Signed | None:
        http = request._request  # noqa: SLF001  DRF's own way to Django's request
        if is_off():
            _refuse_foreign_page(http)
            return everyone(http), None
        scheme, _, given = http.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        match scheme.lower():
            case "bearer":
                return _by_token(given.strip())
            case "basic":
                _refuse_foreign_page(http)  # a browser sends remembered Basic credentials by itself
                return _by_basic(http, given.strip())
        if settings.SESSION_COOKIE_NAME in http.COOKIES:
            return _by_session(request)
        return None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _by_token(token: str) -> Signed:
    prefix = secret.prefix_of(token)
    if prefix is None:
        raise AuthenticationFailed(WRONG_TOKEN)
    now = timezone.now()
    asked = {"prefix": prefix, "now": _moment(now), "stale": _moment(now - USED_EVERY)}
    with connection.cursor() as cursor:
        cursor.execute(TOKEN_SQL, asked)
        row = cursor.fetchone()
    # The digest covers the whole token, and is compared in constant time: finding the row proves nothing yet.
    if row is None or not hmac.compare_digest(row[0], secret.digest(token)) or not row[1]:
        raise AuthenticationFailed(WRONG_TOKEN)
    first_of_user = 4 + len(TOKEN_FIELDS)
    found = Token.from_db(None, TOKEN_FIELDS, row[4:first_of_user])
    user = _user(row[first_of_user:], owner=row[3])
    if row[2]:
        # Others may have written it meanwhile: the condition keeps it at one write a minute.
        Token.objects.filter(pk=found.pk).exclude(last_used_at__gte=now - USED_EVERY).update(last_used_at=now)
    return user, found


def _by_basic(http: HttpRequest, encoded: str) -> Signed:
    try:
        username, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # not base64, not ASCII, not UTF-8
        colon = ""
    if not colon:
        raise AuthenticationFailed("Basic credentials are the base64 of username:password.")
    if password.startswith(secret.MARK):
        return _by_token(password)
    return _by_password(http, username, password), None


def _by_password(http: HttpRequest, username: str, password: str) -> User:
    address = http.META.get("REMOTE_ADDR", "")
    asked = lockout.parameters(username, address)
    asked |= {"username": username.replace("\0", " "), "since": _moment(asked["since"])}
    with connection.cursor() as cursor:
        cursor.execute(PASSWORD_SQL, asked)
        row = cursor.fetchone()
    if row is None:
        spend_the_time_of_a_check(password)
        return _refuse(http, username)
    stored, acts, failures = row[:3]
    if lockout.is_locked(failures):
        raise AuthenticationFailed(lockout.message())
    known = {"username": username, "address": address, "stored": stored, "password": password}
    if not verified.knows(**known) and not verified.verify(**known):
        return _refuse(http, username)
    if not acts:
        return _refuse(http, username)
    if failures:
        lockout.forgive(username, http)
    return _user(row[4:], owner=row[3])


def _refuse(http: HttpRequest, username: str) -> User:
    lockout.count_failure(username, http)
    raise AuthenticationFailed(WRONG_PASSWORD)


def _by_session(request: Request) -> Signed | None:
    """The page's session; anything but a safe method needs the CSRF token too."""
    signed = _SessionAuthentication().authenticate(request)
    return (signed[0], None) if signed else None


class _SessionAuthentication(SessionAuthentication):
    def enforce_csrf(self, request: Request) -> None:
        """Look for the token in the header alone: a POST's body is JSON or a file, and not to be read here."""
        http = copy.copy(request._request)  # noqa: SLF001  DRF's own way to Django's request
        http.method = "PUT" if http.method == "POST" else http.method  # of a PUT, nobody expects a form
        super().enforce_csrf(http)  # type: ignore[arg-type]  # it wants no more than Django's own middleware does


def _user(values: Any, *, owner: str | None) -> User:
    user = User.from_db(None, USER_FIELDS, values)
    user.owner_username = owner or ""
    return user


def _moment(time: datetime) -> Any:
    """A parameter as the database's own comparison wants it (SQLite compares text)."""
    return connection.ops.adapt_datetimefield_value(time)


def _refuse_foreign_page(http: HttpRequest) -> None:
    """Credentials that a browser adds by itself (or needs none) must not work for a page of another site."""
    origin = http.META.get("HTTP_ORIGIN")
    if origin is None or http.method in SAFE:
        return
    if origin != f"{http.scheme}://{http.get_host()}" and origin not in settings.CSRF_TRUSTED_ORIGINS:
        raise PermissionDenied("This page may not act here: its origin is not this server's.")
