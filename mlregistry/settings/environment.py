"""Values from the environment that can be wrong, each refused with a sentence that says what would be right."""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from mlregistry.ages import parse_age
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level

env = environ.Env()

DATABASES = ("sqlite", "postgres", "postgresql")
MAIL = {
    "smtp": {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False, "EMAIL_PORT": 25},
    "smtp+tls": {"EMAIL_USE_TLS": True, "EMAIL_USE_SSL": False, "EMAIL_PORT": 587},
    "smtps": {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True, "EMAIL_PORT": 465},
}
"""How mail servers are spoken to, by the scheme of their address, and on which port unless it names one."""


def whole_number(name: str, default: int) -> int:
    """The whole number in the variable `name`."""
    try:
        return int(os.environ.get(name) or default)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {os.environ[name]!r}; give a whole number.") from None


def number(name: str, default: float) -> float:
    """The number in the variable `name`."""
    try:
        return float(os.environ.get(name) or default)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {os.environ[name]!r}; give a number.") from None


def age(name: str, default: str) -> timedelta:
    """The age, such as `30d`, in the variable `name`."""
    try:
        return parse_age(os.environ.get(name) or default)
    except InvalidParameter as error:
        raise ImproperlyConfigured(f"{name}: {error.message}") from None


def level(name: str, default: str, choices: Sequence[Level]) -> Level:
    """The permission level, one of `choices`, in the variable `name`."""
    given = env.str(name, default=default)
    for choice in choices:
        if choice.name == given:
            return choice
    raise ImproperlyConfigured(f"{name} is {given!r}; use one of {', '.join(choice.name for choice in choices)}.")


def database(name: str, file: Path) -> dict[str, Any]:
    """The database whose address is in the variable `name`; without one, SQLite in `file`.

    The message never repeats the address: it may hold a password.
    """
    address = os.environ.get(name)
    if not address:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}
    try:
        if urlsplit(address).scheme in DATABASES:
            return dict(env.db_url_config(address))
    except ValueError:
        pass  # a port that is no number, an IPv6 address without its bracket
    raise ImproperlyConfigured(
        f"{name} is no address of a database that this server can use; "
        "give postgres://user:password@host:port/name, or nothing for SQLite in MLREGISTRY_DATA."
    )


def email(name: str) -> dict[str, Any]:
    """Django's settings for the mail server whose address is in the variable `name`; without one, for standard output.

    The message never repeats the address: it may hold a password.
    """
    address = os.environ.get(name)
    if not address:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    try:
        parts = urlsplit(address)
        if parts.scheme in MAIL and parts.hostname:
            spoken = MAIL[parts.scheme]
            return spoken | {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": parts.hostname,
                "EMAIL_PORT": parts.port or spoken["EMAIL_PORT"],
                "EMAIL_HOST_USER": unquote(parts.username or ""),
                "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            }
    except ValueError:
        pass  # a port that is no number, an IPv6 address without its bracket
    raise ImproperlyConfigured(
        f"{name} is no address of a mail server; give smtp+tls://user:password@host:587 (or smtp://, smtps://), or"
        " nothing to have e-mails written to the worker's output."
    )


def host_of(address: str) -> str:
    """The host that an address names, for what needs one and is not refused for it."""
    try:
        return urlsplit(address).hostname or "localhost"
    except ValueError:
        return "localhost"
