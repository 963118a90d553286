"""Pinning a version to the bytes that were registered: its files are sealed, read, and signed for."""

from collections.abc import Iterator
from contextlib import suppress

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.audit import services as audit
from apps.governance.services.gates import look_at_requests_about
from apps.jobs.services import enqueue
from apps.registry.choices import DELETED, ContentState
from apps.registry.content.files import VersionFile, VersionFiles, sha256_of
from apps.registry.content.manifest import digest_of, statement
from apps.registry.models import Content, ContentFile, ModelVersion
from apps.registry.proposals import MODEL_TYPE
from apps.registry.queries.content import SIGNED, unread_versions
from apps.registry.services import cards
from apps.registry.services.holding import keep_if_held
from apps.registry.services.inspection import request_inspection
from apps.tracking.artifacts import seals
from apps.tracking.artifacts.paths import MAX_PATH_BYTES
from apps.tracking.artifacts.places import Place, place_of
from apps.tracking.artifacts.upkeep import Progress
from apps.tracking.models import ArtifactFile
from mlregistry import signing
from mlregistry.actor import Actor, system
from mlregistry.errors import Busy, InvalidParameter, NotFound, Unsupported
from mlregistry.prefixes import begins_with
from mlregistry.printable import printable

SEAL_JOB = "registry.seal_content"
READINGS = 3
"""How often files that change while they are read are read again."""
ROWS_AT_ONCE = 1_000


class _Unreadable(Exception):
    """The files of a version cannot be pinned; the sentence says why, and trying again would not help."""


@transaction.atomic
def register_content(*, version: ModelVersion, by: Actor) -> Content:
    """Seal the files of a new version and ask for the job that reads them; in the transaction that makes the version.

    So from the moment that the version is there, what it was made of does not change until the job comes to it.
    """
    content, _ = Content.objects.get_or_create(version=version)
    with suppress(_Unreadable):  # the job finds out too, and says so
        _seal(version)
    _ask_for_reading(version.pk, by)
    return content


def retry_unread(*, by: Actor) -> int:
    """Ask again for the reading of what could not be read for a while; how many versions that are."""
    waiting = list(unread_versions().values_list("pk", flat=True))
    for version_pk in waiting:
        _ask_for_reading(version_pk, by)
    return len(waiting)


def seal_content(*, version_pk: int, progress: Progress) -> ContentState | None:
    """Read the version's files and sign for them; the state its content then has, None for a version that is gone.

    May be killed anywhere and run again: nothing is written before all has been read, and that at once. The order of
    the steps is the one that `tracking.artifacts.seals` asks for, so that what is signed is what is there from now on.
    Raises when the store does not answer; the content then waits for the next try.
    """
    try:
        place = _held_place(version_pk)
        if place is None:
            content = Content.objects.filter(version=version_pk, state__in=SIGNED).first()
            return ContentState(content.state) if content else None
        place.store.settle()
        return _sign(version_pk, _read(place, progress))
    except _Unreadable as reason:
        return _give_up(version_pk, str(reason))


@transaction.atomic
def release_content(*, version: ModelVersion, by: Actor) -> None:
    """Let the version's files change again; for whoever deletes the version, in the same transaction."""
    # Locked, so that a job that is about to seal them comes before this, or finds the version deleted.
    ModelVersion.objects.select_for_update(no_key=True).filter(pk=version.pk).first()
    if seals.unseal(holder=_holder(version)):
        audit.record("registry.content.released", target=version, by=by)


def _ask_for_reading(version_pk: int, by: Actor) -> None:
    enqueue(kind=SEAL_JOB, payload={"version": version_pk}, by=by, unique_key=f"{SEAL_JOB}:{version_pk}")


def _holder(version: ModelVersion) -> str:
    return f"registry.modelversion:{version.pk}"


def _locked(version_pk: int) -> ModelVersion | None:
    """The version, which nobody can delete until the transaction ends."""
    present = ModelVersion.objects.exclude(current_stage=DELETED)
    return present.select_for_update(no_key=True).filter(pk=version_pk).first()


@transaction.atomic
def _held_place(version_pk: int) -> Place | None:
    """Where the version's files lie, now sealed; None if there is nothing to do for it any more."""
    version = _locked(version_pk)
    if version is None or Content.objects.filter(version=version, state__in=SIGNED).exists():
        return None
    return _seal(version)


def _seal(version: ModelVersion) -> Place:
    if not version.location:
        raise _Unreadable("This version names no files.")
    try:
        place = place_of(version.location)
        seals.seal(place=place, holder=_holder(version))
    except (NotFound, InvalidParameter, Unsupported) as error:
        raise _Unreadable(error.message) from None
    return place


def _read(place: Place, progress: Progress) -> list[ContentFile]:
    """Every file with its hash, as the store has them all at one time."""
    files = VersionFiles(place.store, place.path)
    for _ in range(READINGS):
        listed = sorted(files)
        _check_listed(place, listed)
        with suppress(NotFound):
            read = list(_hashed(place, files, listed, progress))
            if [(file.path, file.size, file.marker) for file in read] == sorted(files):
                return read
    raise Busy(f"The files at {place.uri} change while they are read, or some cannot be read; try again later.")


def _check_listed(place: Place, listed: list[VersionFile]) -> None:
    if not listed:
        raise _Unreadable(f"There are no files at {place.uri}.")
    for file in listed:
        try:
            too_long = len(file.path.encode()) > MAX_PATH_BYTES
        except UnicodeEncodeError:
            raise _Unreadable(f"The name of {printable(file.path)} is not UTF-8, so no manifest can list it.") from None
        if too_long:
            raise _Unreadable(f"The path {file.path[:50]}… has more than {MAX_PATH_BYTES} bytes.")


def _hashed(place: Place, files: VersionFiles, listed: list[VersionFile], progress: Progress) -> Iterator[ContentFile]:
    """The files with their hashes. Read is only what did not come through this server, which knows the rest."""
    known = _known_hashes(place)
    total, done = sum(file.size for file in listed), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    for file in listed:
        sha256 = known.get((file.path, file.marker))
        if sha256 is not None:
            count(file.size)
            yield ContentFile(path=file.path, size=file.size, sha256=sha256, marker=file.marker)
            continue
        now = files.open(file.path)
        try:
            sha256 = sha256_of(now, count)
        finally:
            now.close()
        yield ContentFile(path=file.path, size=now.stored.size, sha256=sha256, marker=now.stored.marker)


def _known_hashes(place: Place) -> dict[tuple[str, str], str]:
    """Hashes of what came through this server, by path and marker: void where the store has another marker."""
    rows = ArtifactFile.objects.filter(Q(uri=place.uri) | begins_with("uri", f"{place.uri}/"))
    start = len(place.uri) + 1
    return {
        (uri[start:] or uri.rsplit("/", 1)[-1], marker): sha256
        for uri, marker, sha256 in rows.values_list("uri", "marker", "sha256")
        if sha256 is not None
    }


@transaction.atomic
def _sign(version_pk: int, files: list[ContentFile]) -> ContentState | None:
    """Write the manifest and the signature, unless somebody was faster or the version is gone."""
    version = _locked(version_pk)
    if version is None:
        return None
    content = _content_to_write(version)
    if content.state in SIGNED:
        return ContentState(content.state)
    content.digest = digest_of(files)
    content.signature, content.key_id = signing.sign(statement(version, content.digest))
    content.state, content.message, content.differences = ContentState.SEALED, "", []
    content.size, content.files_count = sum(file.size for file in files), len(files)
    content.sealed_at = content.verified_at = timezone.now()
    content.save()
    for file in files:
        file.content = content
    ContentFile.objects.bulk_create(files, batch_size=ROWS_AT_ONCE)
    audit.record(
        "registry.content.sealed",
        target=version,
        by=system("seal"),
        digest=content.digest,
        files=content.files_count,
        size=content.size,
        key=content.key_id,
    )
    request_inspection(version_pk=version_pk, by=system("seal"))
    return ContentState.SEALED


@transaction.atomic
def _give_up(version_pk: int, reason: str) -> ContentState | None:
    """Say why the files cannot be pinned, and hold none of them but for a legal hold."""
    version = _locked(version_pk)
    if version is None:
        return None
    content = _content_to_write(version)
    if content.state not in SIGNED:
        seals.unseal(holder=_holder(version))
        keep_if_held(version)
        content.state, content.message = ContentState.UNREADABLE, reason
        content.save()
        cards.prefill_card(version=version)  # of what can be read, inspection does it
        look_at_requests_about(object_type=MODEL_TYPE, object_id=version.model_id, subject_id=version.pk)
    return ContentState(content.state)


def _content_to_write(version: ModelVersion) -> Content:
    Content.objects.get_or_create(version=version)
    return Content.objects.select_for_update(no_key=True).get(version=version)
