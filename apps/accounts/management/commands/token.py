"""`manage.py token`: make, list and revoke tokens from the server's own shell."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.choices import TokenScope
from apps.accounts.models import Token
from apps.accounts.queries import get_user
from apps.accounts.secret import MARK
from apps.accounts.services import tokens
from mlregistry.actor import system
from mlregistry.errors import RegistryError


class Command(BaseCommand):
    help = "Make, list or revoke the tokens that programs sign in with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a token and print it; it is not kept")
        create.add_argument("username")
        create.add_argument("--name", default="made by manage.py", help="what will use it")
        create.add_argument("--scope", choices=TokenScope.values, default=TokenScope.WRITE.value)
        create.add_argument("--days", type=int, help="how long it is valid; for ever when left out")
        show = verbs.add_parser("list", help="list tokens, the newest first")
        show.add_argument("username", nargs="?", help="whose; everyone's when left out")
        revoke = verbs.add_parser("revoke", help="refuse a token from now on")
        revoke.add_argument("prefix", help="how the token begins, as `list` shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except RegistryError as refusal:
            raise CommandError(refusal.message) from None

    def _create(self, options: dict[str, Any]) -> None:
        days = options["days"]
        _, text = tokens.create(
            user=get_user(options["username"]),
            name=options["name"],
            scope=options["scope"],
            expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
            by=system("manage.py"),
        )
        self.stdout.write(text)

    def _list(self, options: dict[str, Any]) -> None:
        found = Token.objects.select_related("user")
        if options["username"]:
            found = found.filter(user=get_user(options["username"]))
        for token in found:
            state = "revoked" if token.revoked_at else f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else ""
            self.stdout.write(
                f"{MARK}{token.prefix}  {token.user.username}  {token.scope}  {token.name}  {state}".rstrip()
            )

    def _revoke(self, options: dict[str, Any]) -> None:
        prefix = options["prefix"].removeprefix(MARK).partition("_")[0]
        token = Token.objects.select_related("user").filter(prefix=prefix).first()
        if token is None:
            raise CommandError(f"No token begins with {MARK}{prefix}.")
        tokens.revoke(token=token, by=system("manage.py"))
        self.stdout.write(f"Revoked {token.name} of {token.user.username}.")
