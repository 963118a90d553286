"""Failed sign-ins by name and address: counted by django-axes for the page and for Basic alike.

Basic asks for the count in the same statement that reads the user, so that a success costs nothing more; only failures
run through axes' own code. They do so with a request made for the purpose: axes reads forms and marks the request it
is given, and neither is for the calls of the wire.
"""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

LONGEST_NAME = 150
LOCKED_OUT = "Too many failed sign-ins for this name from this address; wait {minutes} minutes, or use a token."

FAILURES_SQL = (
    f"SELECT SUM(a.failures_since_start) FROM {AccessAttempt._meta.db_table} a"  # noqa: S608  a table's name
    " WHERE a.username = %(counted)s AND a.ip_address = %(address)s AND a.attempt_time >= %(since)s"
)
"""How often this name failed from this address within the cool-off, as a scalar subquery."""


def counted_name(username: str) -> str:
    """The name under which failures count: one for all its spellings, and fit for a column."""
    return username.replace("\0", "").lower()[:LONGEST_NAME]


def counted_credentials(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """`AXES_USERNAME_CALLABLE`: the same for axes."""
    given = (credentials or {}).get("username") or request.POST.get("login") or ""
    return counted_name(str(given))


def parameters(username: str, address: str) -> dict[str, Any]:
    """What `FAILURES_SQL` asks for."""
    return {
        "counted": counted_name(username),
        "address": address or None,
        "since": timezone.now() - settings.AXES_COOLOFF_TIME,
    }


def is_locked(failures: int | None) -> bool:
    return bool(failures and failures >= settings.AXES_FAILURE_LIMIT)


def message() -> str:
    return LOCKED_OUT.format(minutes=int(settings.AXES_COOLOFF_TIME.total_seconds() // 60))


@transaction.atomic
def count_failure(username: str, http: HttpRequest) -> None:
    """Tell everyone who listens to failed sign-ins (axes counts, the audit records) about a failed Basic."""
    user_login_failed.send(__name__, credentials={"username": username}, request=_bare(http))


def forgive(username: str, http: HttpRequest) -> None:
    """A success ends the count."""
    AxesProxyHandler.reset_attempts(username=counted_name(username), ip_address=http.META.get("REMOTE_ADDR"))


def _bare(http: HttpRequest) -> HttpRequest:
    bare = HttpRequest()
    bare.method, bare.path, bare.path_info = http.method, http.path, http.path_info
    for name in ("REMOTE_ADDR", "HTTP_USER_AGENT", "HTTP_ACCEPT"):
        if name in http.META:
            bare.META[name] = http.META[name]
    return bare
