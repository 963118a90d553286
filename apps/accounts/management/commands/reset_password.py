"""`manage.py reset_password`: let somebody in again who forgot the password or was locked out."""

import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.lockout import counted_name
from apps.accounts.queries import get_user
from apps.accounts.services import people
from mlregistry.actor import system
from mlregistry.errors import RegistryError


class Command(BaseCommand):
    help = "Give a person a new password, on record, and end the lock-out of that name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--stdin", action="store_true", help="read the password instead of making a random one up")

    def handle(self, *args: Any, **options: Any) -> None:
        given = sys.stdin.readline().rstrip("\n") if options["stdin"] else None
        password = secrets.token_urlsafe(people.RANDOM_PASSWORD_BYTES) if given is None else given
        try:
            people.set_password(user=get_user(options["username"]), password=password, by=system("manage.py"))
        except RegistryError as refusal:
            raise CommandError(refusal.message) from None
        AxesProxyHandler.reset_attempts(username=counted_name(options["username"]))
        if given is None:
            self.stdout.write(password)
