"""Every write to artifacts: the file in the store, and the row that remembers it. What is sealed is refused."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from apps.audit import services as audit
from apps.jobs.services import enqueue
from apps.tracking.artifacts.places import Place, moved_out_of
from apps.tracking.artifacts.seals import check_unsealed
from apps.tracking.artifacts.stores.base import Part, Presigned, Stored
from apps.tracking.clock import now_ms
from apps.tracking.models import Experiment
from apps.tracking.models.artifacts import ArtifactFile
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, TooLarge, Unsupported
from mlregistry.prefixes import begins_with

HASH_JOB = "tracking.hash_artifact"
_DESCRIBES = ["experiment", "size", "sha256", "marker", "uploaded_at", "uploaded_by"]


def upload(*, place: Place, chunks: Iterable[bytes], by: Actor) -> ArtifactFile:
    """Keep `chunks` as the file at `place`. A reader sees the old file or the new one, and a row only after its file.

    Not one transaction: bytes may take an hour to arrive, and nothing of the database is held while they do.
    """
    written = place.store.write(place.path, _arriving(place, chunks), last_look=lambda: check_unsealed(place))
    return _remember(place, written.stored, written.sha256, by)


@transaction.atomic
def delete(*, place: Place, by: Actor) -> None:
    """Remove the file, or the folder with all in it. The rows go first, so none is ever without its file."""
    if place.is_root:
        raise InvalidParameter("All artifacts of an experiment cannot be deleted at once: name a run, model or folder.")
    if moved_out_of(place):
        raise InvalidParameter("In this folder are artifacts of what was moved to another experiment.")
    check_unsealed(place, and_below=True)
    if not place.store.exists(place.path):
        return
    known = _rows(place).delete()[0]
    experiment = Experiment.objects.get(pk=place.experiment_id)
    audit.record("tracking.artifact.delete", target=experiment, by=by, uri=place.uri, known_files=known)
    transaction.on_commit(lambda: place.store.delete(place.path))


def start_multipart(*, place: Place, parts: int) -> tuple[str, Sequence[Presigned]]:
    """An upload that the client sends to the store itself, in parts; nothing is there before it is completed."""
    check_unsealed(place)
    return place.store.create_multipart(place.path, parts)


def complete_multipart(*, place: Place, upload_id: str, parts: Sequence[Part], by: Actor) -> ArtifactFile:
    """Put the parts together. The bytes did not pass here, so a job reads them later to know their hash."""
    check_unsealed(place)
    stored = place.store.complete_multipart(place.path, upload_id, parts)
    with transaction.atomic():
        row = _remember(place, stored, None, by)
        enqueue(kind=HASH_JOB, payload={"file": row.pk}, by=by)
    return row


def abort_multipart(*, place: Place, upload_id: str) -> None:
    place.store.abort_multipart(place.path, upload_id)


def presign_upload(*, place: Place, seconds: int) -> Presigned:
    """A URL to which the client sends the file at `place` itself."""
    check_unsealed(place)
    return place.store.presign_upload(place.path, seconds)


def check_presigns(place: Place) -> None:
    """The proxy's own words for a store without presigned URLs, which clients look for."""
    if not place.store.presigns:
        raise Unsupported("Multipart download is not supported for the current artifact repository")


@transaction.atomic
def _remember(place: Place, stored: Stored, sha256: str | None, by: Actor) -> ArtifactFile:
    row = ArtifactFile(
        experiment_id=place.experiment_id,
        uri=place.uri,
        size=stored.size,
        sha256=sha256,
        marker=stored.marker,
        uploaded_at=now_ms(),
        uploaded_by=by.username,
    )
    ArtifactFile.objects.bulk_create([row], update_conflicts=True, unique_fields=["uri"], update_fields=_DESCRIBES)
    return row


def _rows(place: Place) -> QuerySet[ArtifactFile]:
    """What is known of the file, or of the files in the folder."""
    return ArtifactFile.objects.filter(Q(uri=place.uri) | begins_with("uri", f"{place.uri}/"))


def _arriving(place: Place, chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The chunks, as long as they may be kept. The seals are asked at the end; of a long upload here as well, so that
    nobody sends for an hour what will be refused."""
    limit = settings.MLREGISTRY_ARTIFACT_MAX_BYTES
    size = 0
    for number, chunk in enumerate(chunks):
        if number == 1:
            check_unsealed(place)
        size += len(chunk)
        if limit and size > limit:
            raise too_large()
        yield chunk


def too_large() -> TooLarge:
    return TooLarge(f"Artifacts of this server may have at most {settings.MLREGISTRY_ARTIFACT_MAX_BYTES} bytes.")
