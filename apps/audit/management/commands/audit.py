"""`manage.py audit verify`: is the record still what was written?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import chain


class Command(BaseCommand):
    help = "The audit chain: `verify` walks it from the first entry to the last."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="walk the chain; name the first entry that is wrong, and exit with 1")
        verify.set_defaults(run=self.verify)

    def handle(self, **options: Any) -> None:
        options["run"]()

    def verify(self) -> None:
        try:
            verdict = chain.verify()
        except chain.BrokenChain as broken:
            raise CommandError(str(broken)) from None
        self.stdout.write(f"{verdict.entries} entries, each as it was written. Head: {verdict.head}")
