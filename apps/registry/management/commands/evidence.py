"""`manage.py evidence`: everything that is known of a version, in one signed file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.registry.queries.versions import get_version
from apps.registry.services.evidence_bundle import make_evidence_bundle
from mlregistry.errors import RegistryError
from mlregistry.levels import Level


class Command(BaseCommand):
    help = (
        "Write the evidence of a version as a signed zip: card, manifest, SBOM, scans, metrics, lineage, requests, "
        "votes, gates and its part of the audit record. `audit verifier` prints what verifies it without this server."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", help="name of the registered model")
        parser.add_argument("number", help="number of the version")
        parser.add_argument("--output", metavar="FILE", help="where to (evidence.zip in this folder)")
        parser.add_argument("--by", default="", metavar="USERNAME", help="the administrator who asks (the first one)")

    def handle(self, **options: Any) -> None:
        administrators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
        user = administrators.filter(username=options["by"]).first() if options["by"] else administrators.first()
        if user is None:
            raise CommandError(f"There is no administrator {options['by']}." if options["by"] else "There is nobody.")
        try:
            version = get_version(user, options["model"], options["number"], at_least=Level.READ)
            content = make_evidence_bundle(version=version, user=user, by=user.actor())
        except RegistryError as refused:
            raise CommandError(refused.message) from None
        path = Path(options["output"] or "evidence.zip")
        try:
            path.write_bytes(content)
        except OSError as error:
            raise CommandError(f"Cannot write {path}: {error.strerror}.") from None
        self.stdout.write(f"{path}: the evidence of {version}, signed.")
