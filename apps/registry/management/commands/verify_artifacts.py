"""`manage.py verify_artifacts`: are the files of every version still what was registered?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.registry.choices import Difference
from apps.registry.queries.content import signed_versions
from apps.registry.services.verification import Verification, verify_each
from mlregistry.printable import printable
from mlregistry.progress import INTERRUPTED, ProgressLines

NAMED = 20


class Command(BaseCommand):
    help = (
        "Hold the files of registered versions against their signed manifests, and name what differs. "
        "Exits with 1 if anything does. The server does the same once a day, without --deep."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Every command of Django's has a --version that says which Django this is; here it means a model's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--deep",
            action="store_true",
            help="read every file again, also those of which the store says that they have not changed",
        )
        parser.add_argument("--model", default="", metavar="NAME", help="only versions of this registered model")
        parser.add_argument("--version", type=int, metavar="N", help="only this version of the model")

    def handle(self, **options: Any) -> None:
        versions = signed_versions(model=options["model"], number=options["version"])
        if options["version"] is not None and not options["model"]:
            raise CommandError("Say of which model by --model.")
        if (options["model"] or options["version"]) and not versions.exists():
            raise CommandError("There is no such version whose files this server has read.")
        verified, wrong = 0, 0
        try:
            for seen in verify_each(versions=versions, deep=options["deep"], report=ProgressLines(self.stdout)):
                verified += 1
                wrong += self._tell(seen)
        except KeyboardInterrupt:
            raise CommandError(
                f"Stopped. Versions verified: {verified}. Not what was registered, or not to be read: {wrong}.",
                returncode=INTERRUPTED,
            ) from None
        self.stdout.write(f"Versions verified: {verified}. As registered: {verified - wrong}.")
        if wrong:
            raise CommandError(f"Not what was registered, or not to be read: {wrong} of {verified}.")

    def _tell(self, seen: Verification) -> bool:
        """Say what is wrong with a version; whether anything is."""
        name = printable(str(seen.version))
        if seen.failure:
            self.stdout.write(f"{name} cannot be verified: {printable(seen.failure)}")
            return True
        if not seen.differences:
            return False
        self.stdout.write(f"{name} is not what was registered:")
        for item in seen.differences[:NAMED]:
            what = item["path"] or "the manifest"
            self.stdout.write(f"  {Difference(item['how']).label}: {what}")
        if len(seen.differences) > NAMED:
            self.stdout.write(f"  and {len(seen.differences) - NAMED} more")
        return True
