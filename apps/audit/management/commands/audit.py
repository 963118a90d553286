"""`manage.py audit`: is the record still what was written, and how does somebody outside verify that?"""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import chain, exporting
from mlregistry.errors import InvalidParameter


class Command(BaseCommand):
    help = "The audit chain: `verify` walks it, `export` writes it signed, `verifier` prints what verifies an export."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="walk the chain; name the first entry that is wrong, and exit with 1")
        verify.set_defaults(run=self.verify)
        export = verbs.add_parser("export", help="write the chain as lines of JSON with signed checkpoints")
        export.add_argument("file", nargs="?", default="-", help="where to; - or nothing is standard output")
        begins, ends = export.add_mutually_exclusive_group(), export.add_mutually_exclusive_group()
        begins.add_argument("--from", dest="first", type=_number, help="the first entry")
        begins.add_argument("--since", default="", help="the first day, as 2026-03-31 (UTC)")
        ends.add_argument("--to", dest="last", type=_number, help="the last entry")
        ends.add_argument("--until", default="", help="the last day, as 2026-03-31 (UTC)")
        export.add_argument(
            "--every", type=_number, default=exporting.EVERY, help="entries between two checkpoints (1000)"
        )
        export.set_defaults(run=self.export)
        verifier = verbs.add_parser("verifier", help="print the program that verifies an export without this server")
        verifier.set_defaults(run=self.verifier)

    def handle(self, **options: Any) -> None:
        try:
            options["run"](options)
        except (chain.BrokenChain, InvalidParameter) as refused:
            raise CommandError(str(refused)) from None

    def verify(self, options: dict[str, Any]) -> None:
        verdict = chain.verify()
        self.stdout.write(f"{verdict.entries} entries, each as it was written. Head: {verdict.head}")

    def export(self, options: dict[str, Any]) -> None:
        chosen = exporting.choose(**{name: options[name] for name in ("first", "last", "since", "until")})
        lines = exporting.lines(chosen, every=options["every"])
        try:
            if options["file"] == "-":
                sys.stdout.buffer.writelines(lines)
                sys.stdout.flush()
            else:
                _write(Path(options["file"]), lines)
        except OSError as error:
            raise CommandError(f"Cannot write {options['file']}: {error.strerror}.") from None
        self.stderr.write(f"Entries {chosen.first} to {chosen.last} are written, signed.")

    def verifier(self, options: dict[str, Any]) -> None:
        self.stdout.write(exporting.VERIFIER.read_text(encoding="utf-8"))


def _write(path: Path, lines: Iterator[bytes]) -> None:
    """The file is there when it is whole, or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(lines)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _number(written: str) -> int:
    if not written.isdecimal() or int(written) < 1:
        raise ArgumentTypeError(f"{written!r} is no number from 1 on")
    return int(written)
