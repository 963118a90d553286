"""Looking into the files of a version once they are sealed: what they say of themselves, and what is in them.

Nothing of it is ever run. An inspection can be killed anywhere and run again: what it finds out is the same.
"""

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.governance.services.gates import look_at_requests_about
from apps.jobs.models import Job
from apps.jobs.services import enqueue
from apps.registry.choices import DELETED, ContentState, Verdict
from apps.registry.content.files import VersionFiles
from apps.registry.content.requirements import RefusedLine, Requirements, parse_requirements
from apps.registry.content.sbom import make_sbom
from apps.registry.content.scanning import SCANNER, Report, scan
from apps.registry.content.scanning.findings import Severity
from apps.registry.models import Content, ModelVersion, Sbom, Scan
from apps.registry.proposals import MODEL_TYPE
from apps.registry.services import announcements, cards
from apps.registry.services.verification import verify_content
from apps.tracking.artifacts.locations import open_location
from apps.tracking.content.mlmodel import MLmodel, parse_mlmodel
from mlregistry.actor import Actor, system
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.printable import storable

INSPECT_JOB = "registry.inspect_content"
MLMODEL, REQUIREMENTS = "MLmodel", "requirements.txt"
LONGEST = 1024 * 1024
"""Bytes of what is read as a whole; no MLmodel and no list of requirements comes near."""
BY = system("inspection")
DRIFTED = {
    "path": "",
    "kind": "drifted",
    "severity": Severity.CRITICAL.value,
    "detail": "The files are no longer those that were registered.",
}


def request_inspection(*, version_pk: int, by: Actor, anew: bool = False) -> Job:
    """Ask for the job; `anew` scans again what the same rules have been applied to already."""
    payload = {"version": version_pk, "anew": anew}
    return enqueue(kind=INSPECT_JOB, payload=payload, by=by, unique_key=f"{INSPECT_JOB}:{version_pk}")


def inspect(*, version_pk: int, anew: bool = False) -> Scan | None:
    """Find out everything there is about a sealed version; its newest scan, None if there is no such version."""
    content = Content.objects.select_related("version__model").filter(version=version_pk).first()
    if content is None or content.version.is_deleted or content.state != ContentState.SEALED:
        return None
    files = VersionFiles(*open_location(content.version.location))
    mlmodel = _read_mlmodel(content, files)
    cards.prefill_card(version=content.version)
    _write_sbom(content, mlmodel)
    newest = Scan.objects.filter(version=content.version, digest=content.digest, scanner=SCANNER).last()
    if newest is not None and not anew:
        return newest
    report = scan(files, mlmodel.flavors if mlmodel else ())
    return _write_scan(content, report)


def _read_mlmodel(content: Content, files: VersionFiles) -> MLmodel | None:
    """Keep what MLmodel and the requirements beside it say; of an MLmodel that cannot be read, why."""
    mlmodel, said = None, None
    try:
        if (raw := _small_file(content, files, MLMODEL)) is not None:
            mlmodel = parse_mlmodel(raw)
            said = mlmodel.as_json()
    except InvalidParameter as unreadable:
        said = {"unreadable": unreadable.message}
    content.mlmodel = said
    content.requirements = storable((_small_file(content, files, REQUIREMENTS) or b"").decode(errors="replace"))
    content.save(update_fields=["mlmodel", "requirements"])
    return mlmodel


def _small_file(content: Content, files: VersionFiles, path: str) -> bytes | None:
    """The whole of a file of the manifest; None without one, or where it is far larger than such a file is."""
    known = content.files.filter(path=path).first()
    if known is None or known.size > LONGEST:
        return None
    try:
        with files.stream(path) as stream:
            return stream.read()
    except (NotFound, OSError):  # gone since it was sealed: verifying finds that
        return None


def _write_sbom(content: Content, mlmodel: MLmodel | None) -> None:
    """What the requirements say, as far as they say it so that it can be followed."""
    try:
        requirements = parse_requirements(content.requirements)
    except InvalidParameter as unreadable:
        requirements = Requirements(refused=[RefusedLine(REQUIREMENTS, unreadable.message)])
    version = content.version
    document = make_sbom(
        name=version.model.name,
        version=str(version.version),
        digest=content.digest,
        mlmodel=mlmodel,
        requirements=requirements,
    )
    refused = [f"{line.line}: {line.reason}" for line in requirements.refused]
    Sbom.objects.update_or_create(
        version=version,
        defaults={
            "document": document,
            "components_count": len(document.get("components", ())),
            "unpinned": [*map(str, requirements.unpinned), *refused],
            "made_at": timezone.now(),
        },
    )


@transaction.atomic
def _write_scan(content: Content, report: Report) -> Scan | None:
    """Keep what was found, of exactly the files that were sealed: where they differ by now, it is no clean bill."""
    findings, verdict = list(report.findings), report.verdict
    if verify_content(version=content.version).state != ContentState.SEALED:
        verdict = Verdict.FAILED
        findings.append(DRIFTED)
    if not ModelVersion.objects.exclude(current_stage=DELETED).filter(pk=content.version.pk).exists():
        return None
    made = Scan.objects.create(
        version=content.version,
        verdict=verdict,
        digest=content.digest,
        findings=findings,
        files_count=report.files_count,
        scanner=report.scanner,
        scanned_at=timezone.now(),
    )
    announcements.version_scanned(content.version, made)
    audit.record(
        "registry.content.scanned",
        target=content.version,
        by=BY,
        verdict=verdict.value,
        findings=len(findings),
        digest=content.digest,
    )
    look_at_requests_about(object_type=MODEL_TYPE, object_id=content.version.model_id, subject_id=content.version.pk)
    return made
