"""`manage.py gc`: delete for good what has been deleted for long."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.tracking.queries.due import Due
from apps.tracking.services.gc import Outcome, collect
from mlregistry.actor import system
from mlregistry.ages import parse_age
from mlregistry.errors import InvalidParameter
from mlregistry.progress import INTERRUPTED, ProgressLines

NAMED = 20


def _age(written: str) -> timedelta:
    try:
        return parse_age(written)
    except InvalidParameter as error:
        raise ArgumentTypeError(error.message) from None


class Command(BaseCommand):
    help = (
        "Delete for good the runs, logged models and experiments that have been deleted for long, with their files. "
        "It can be stopped at any time; the next one goes on. The server does the same once a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=_age,
            default=settings.MLREGISTRY_GC_OLDER_THAN,
            metavar="AGE",
            help="how long something must have been deleted: 30d, 12h, 1d2h3m4s (default: MLREGISTRY_GC_OLDER_THAN)",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")

    def handle(self, **options: Any) -> None:
        if options["dry_run"]:
            self._preview(Due.since(options["older_than"]))
            return
        try:
            outcome = collect(older_than=options["older_than"], by=system("gc"), report=ProgressLines(self.stdout))
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What is gone is gone; run it again to go on.", returncode=INTERRUPTED
            ) from None
        self._tell(outcome)

    def _preview(self, due: Due) -> None:
        kinds = {
            "runs": due.runs(),
            "logged models": due.logged_models(),
            "experiments": due.experiments(),
            "datasets": due.unused_datasets(),
        }
        counted = ", ".join(f"{rows.count()} {kind}" for kind, rows in kinds.items())
        self.stdout.write(f"Would delete {counted}.")
        self._tell_kept(due.sealed(), due.holding())

    def _tell(self, outcome: Outcome) -> None:
        self.stdout.write(
            f"Deleted {outcome.runs} runs, {outcome.logged_models} logged models, "
            f"{outcome.experiments} experiments, {outcome.datasets} datasets."
        )
        self._tell_kept(outcome.sealed, outcome.holding)
        if outcome.left:
            self.stdout.write(
                f"{len(outcome.left)} folders lie where clients write them themselves, and were left to them:"
            )
            self._name(outcome.left)
        if outcome.failed:
            self._name([f"{location}: {reason}" for location, reason in outcome.failed.items()])
            raise CommandError(f"The files of {len(outcome.failed)} could not be deleted; run it again to go on.")

    def _tell_kept(self, sealed: int, holding: int) -> None:
        if sealed:
            self.stdout.write(f"{sealed} stay because versions of registered models are made of their files.")
        if holding:
            self.stdout.write(f"{holding} experiments stay because files of what was moved out of them lie there.")

    def _name(self, lines: list[str]) -> None:
        for line in lines[:NAMED]:
            self.stdout.write(f"  {line}")
        if len(lines) > NAMED:
            self.stdout.write(f"  and {len(lines) - NAMED} more; the audit record has every one.")
