"""`manage.py apply_policies`: policies from a file, and back into one."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.governance.services import policy_files
from apps.governance.services.dry_run import dry_run
from apps.governance.services.opening import address_of
from apps.governance.terms import Terms
from mlregistry.actor import system
from mlregistry.errors import RegistryError

DIFFERS = 1
"""Exit status of --diff where something differs, for CI."""


class Command(BaseCommand):
    help = "Apply a YAML file of policies. Once a policy is in force, each change becomes a change request."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="the file of policies")
        parser.add_argument("--as", dest="username", help="the administrator who applies it")
        parser.add_argument("--reason", default="", help="why, for whoever has to agree")
        parser.add_argument("--retire", action="store_true", help="also retire what is in force and not in the file")
        parser.add_argument("--diff", action="store_true", help="only show what differs; exits with 1 if anything does")
        parser.add_argument("--dry-run", action="store_true", help="say what each would have stopped in the past")
        parser.add_argument("--export", action="store_true", help="print what is in force as such a file")

    def handle(self, **options: Any) -> None:
        if options["export"]:
            self.stdout.write(policy_files.written_file(), ending="")
            return
        if options["file"] is None:
            raise CommandError("Name the file of policies, or say --export.")
        try:
            text = options["file"].read_text(encoding="utf-8")
            asked = policy_files.read_file(text)
            found = policy_files.differences(asked, retire=options["retire"])
            if options["dry_run"]:
                self._replay(asked)
            elif options["diff"]:
                self._show(found)
            else:
                self._apply(found, options)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"Cannot read {options['file']}: {error}.") from None
        except RegistryError as refusal:
            raise CommandError(refusal.message) from None

    def _replay(self, asked: dict[str, Terms]) -> None:
        for name, terms in asked.items():
            self.stdout.write(f"{name}: {dry_run(terms=terms, by=system('apply_policies'))}")

    def _show(self, found: list[policy_files.Difference]) -> None:
        for difference in found:
            self.stdout.write("\n".join(difference.lines()))
        if found:
            raise CommandError(f"{len(found)} of the policies differ from the file.", returncode=DIFFERS)
        self.stdout.write("What is in force is what the file says.")

    def _apply(self, found: list[policy_files.Difference], options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError("Say --as with the username of the administrator who applies this.")
        for applied in policy_files.apply(found, by=user.actor(), reason=options["reason"]):
            if applied.request is None:
                self.stdout.write(f"{applied.name}: done.")
            else:
                self.stdout.write(f"{applied.name}: asked for, to be approved at {address_of(applied.request)}")
        if not found:
            self.stdout.write("What is in force is what the file says already.")
