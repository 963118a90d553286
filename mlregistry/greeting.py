"""What a start of the server tells: how to sign in, and the lines to copy."""

from dataclasses import dataclass

from django.conf import settings

from apps.accounts.choices import TokenScope
from apps.accounts.models import User
from apps.accounts.services import people, tokens
from mlregistry.actor import system

TOKEN_NAME = "made at the first start"  # noqa: S105  a name, not a token
EVERY_ADDRESS = ("0.0.0.0", "::", "[::]", "")  # noqa: S104  compared with, not bound to


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The administrator that this start made. Neither secret is kept, so they are told once."""

    username: str
    password: str | None
    """None when it was given by MLREGISTRY_ADMIN_PASSWORD."""
    token: str


def make_first_admin() -> FirstAdmin | None:
    """Make the first administrator, with a token; None when there is one already."""
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        return None
    username = settings.MLREGISTRY_ADMIN_USERNAME
    password = people.ensure_first_admin(username=username, password=settings.MLREGISTRY_ADMIN_PASSWORD)
    admin = User.objects.get(username=username)
    _, token = tokens.create(user=admin, name=TOKEN_NAME, scope=TokenScope.ADMIN, by=system("serve"))
    return FirstAdmin(username=username, password=password, token=token)


def reachable_host() -> str:
    """Where this machine reaches the server; one that listens everywhere is here too."""
    host = settings.MLREGISTRY_HOST
    if host in EVERY_ADDRESS:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def address() -> str:
    return f"http://{reachable_host()}:{settings.MLREGISTRY_PORT}"


def lines(first: FirstAdmin | None) -> list[str]:
    """What is printed once the server answers."""
    said = [f"mlregistry answers at {address()}"]
    if settings.MLREGISTRY_AUTH == "off":
        said.append("Sign-in is off: everyone on this machine is the administrator.")
    elif first is None:
        said.append(f"Make a token at {address()}/admin/accounts/token/, or by: manage.py token create USERNAME")
    elif first.password:
        said.append(f"Sign in as {first.username} with the password {first.password} (told this once).")
    said.append(f"export MLFLOW_TRACKING_URI={address()}")
    if first and settings.MLREGISTRY_AUTH != "off":
        said.append(f"export MLFLOW_TRACKING_TOKEN={first.token}")
    return said
