"""Looking whether the files of versions still are what was registered."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from apps.audit import services as audit
from apps.registry.choices import DELETED, ContentState, Difference
from apps.registry.content.comparing import Comparison, compare
from apps.registry.content.files import VersionFiles
from apps.registry.content.manifest import digest_of, statement
from apps.registry.models import Content, ContentFile, ModelVersion
from apps.registry.queries.content import SIGNED
from apps.tracking.artifacts.locations import open_location
from apps.tracking.artifacts.paths import MAX_PATH_BYTES
from apps.tracking.artifacts.upkeep import Progress
from mlregistry import signing
from mlregistry.actor import system
from mlregistry.errors import BadRequest, InvalidState, RegistryError
from mlregistry.printable import printable

MOST_DIFFERENCES = 1_000
"""Paths that a version's content, and the answer to whoever verifies it, spell out."""
NAMED = 20
"""Paths that the audit record spells out."""
NAMED_IN_A_SENTENCE = 3

Report = Callable[[int, int, str], None]
"""Told how many versions are done, of how many, and what is being read. It may raise to stop."""


class Verification(NamedTuple):
    """What verifying one version came to."""

    version: ModelVersion
    differences: list[dict[str, str]]
    """`path` and `how` (a `Difference`); the manifest itself has no path."""
    failure: str = ""
    """Why it could not be verified."""


def verify_content(
    *, version: ModelVersion, deep: bool = False, progress: Progress = lambda _done, _total: None
) -> Content:
    """Hold the version's files, manifest and signature against each other; the content, with what was found.

    A file counts as the same while the store gives its size and the marker under which it was read; one with another
    marker is read. With `deep` all of them are read, which also finds what was changed beneath the store. What differs
    makes the content drifted; only having read all of it makes it sealed again. Either is recorded when it comes about.
    `BadRequest` for content that was never sealed; errors of a store that does not answer change nothing.
    """
    content = Content.objects.filter(version=version).first()
    if content is None or content.state not in SIGNED:
        raise BadRequest(f"{version} has no sealed content to verify: {_why_unsealed(content)}")
    deep = deep or content.state == ContentState.DRIFTED
    files = list(content.files.all())
    store, path = open_location(version.location)
    found = compare(files, VersionFiles(store, path), deep=deep, progress=progress)
    if not _is_signed(version, content, files):
        found.differences[""] = Difference.UNSIGNED
    return _note(content, found)


def require_intact(*, version: ModelVersion, deep: bool = False) -> None:
    """Verify now, and raise `InvalidState` unless the version still is exactly what was registered."""
    content = verify_content(version=version, deep=deep)
    if content.state != ContentState.SEALED:
        raise InvalidState(f"{version} is not what was registered: {content.message}")


def verify_each(*, versions: QuerySet[ModelVersion], deep: bool, report: Report) -> Iterator[Verification]:
    """Verify these versions one after another. One that cannot be verified stops none of the others."""
    pks = list(versions.order_by("pk").values_list("pk", flat=True))
    for done, pk in enumerate(pks):
        report(done, len(pks), "")
        version = versions.select_related("model").filter(pk=pk).first()
        if version is not None:  # deleted meanwhile
            yield _verified(version, deep, _within(report, done, len(pks), version))
    report(len(pks), len(pks), "")


def _verified(version: ModelVersion, deep: bool, progress: Progress) -> Verification:
    try:
        return Verification(version, verify_content(version=version, deep=deep, progress=progress).differences)
    except (RegistryError, OSError) as error:
        return Verification(version, [], str(error))


def _within(report: Report, done: int, total: int, version: ModelVersion) -> Progress:
    """Progress within one version, told as progress of all."""

    def tell(read: int, size: int) -> None:
        report(done, total, f"{version}: {filesizeformat(read)} of {filesizeformat(size)}")

    return tell


def _is_signed(version: ModelVersion, content: Content, files: list[ContentFile]) -> bool:
    return content.digest == digest_of(files) and signing.verify(
        statement(version, content.digest), content.signature, content.key_id
    )


@transaction.atomic
def _note(content: Content, found: Comparison) -> Content:
    """Write down what was found; of a version that was deleted meanwhile, nothing."""
    present = Content.objects.exclude(version__current_stage=DELETED).select_related("version__model")
    row = present.select_for_update(of=("self",), no_key=True).filter(pk=content.pk).first()
    if row is None:
        return content
    ContentFile.objects.bulk_update(found.moved, ["marker"], batch_size=1_000)
    listed = [
        {"path": printable(path, MAX_PATH_BYTES), "how": str(how)} for path, how in sorted(found.differences.items())
    ]
    before, row.differences = row.differences, listed[:MOST_DIFFERENCES]
    row.state = ContentState.DRIFTED if listed else ContentState.SEALED
    row.message = _in_a_sentence(listed)
    row.verified_at = timezone.now()
    row.save(update_fields=["state", "message", "differences", "verified_at"])
    if row.differences != before:
        audit.record(
            f"registry.content.{'drifted' if listed else 'restored'}",
            target=row.version,
            by=system("verify"),
            digest=row.digest,
            count=len(listed),
            differences=listed[:NAMED],
        )
    return row


def _in_a_sentence(listed: list[dict[str, str]]) -> str:
    if not listed:
        return ""
    named = [f"{item['path'] or 'the manifest'} is {Difference(item['how']).label}" for item in listed]
    more = f", and {len(named) - NAMED_IN_A_SENTENCE} more" if len(named) > NAMED_IN_A_SENTENCE else ""
    return f"{', '.join(named[:NAMED_IN_A_SENTENCE])}{more}."


def _why_unsealed(content: Content | None) -> str:
    if content is None:
        return "nobody has asked for it."
    return content.message or f"its files are {ContentState(content.state).label}."
