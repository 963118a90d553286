"""Asking for images of versions."""

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.audit import services as audit
from apps.governance.queries.running_out import run_out_without_builds
from apps.jobs.choices import ACTIVE
from apps.jobs.services import enqueue
from apps.registry.content.requirements import Requirements
from apps.registry.models import Content, ModelVersion
from apps.registry.proposals import MODEL_TYPE
from apps.serving.choices import ImageState
from apps.serving.models import Image
from apps.serving.rules import check_servable
from mlregistry.actor import Actor
from mlregistry.errors import BadRequest

BUILD_JOB = "serving.build"


@transaction.atomic
def request_build(*, version: ModelVersion, by: Actor, resolve: bool = False) -> Image:
    """Ask for an image of the version; the one that is being built already, if there is one.

    The packages are those that its last image has, so that building again gives the same; with `resolve` they are
    looked for anew. Refused where it is known already that no image can come of it.
    """
    ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if (building := _being_built(version)) is not None:
        return building
    check_buildable(version)
    image = Image.objects.create(version=version, requested_by=by.username)
    payload = {"image": image.pk, "resolve": resolve}
    image.job = enqueue(kind=BUILD_JOB, payload=payload, by=by, unique_key=f"{BUILD_JOB}:{image.pk}")
    image.save(update_fields=["job"])
    audit.record("serving.image.request", target=image, by=by)
    return image


def check_buildable(version: ModelVersion) -> Requirements:
    """What has to be installed for it; a refusal where it is known already that no image can come of it."""
    required = check_servable(version, Content.objects.filter(version=version).first())
    require_builds_allowed(version)
    return required


def require_builds_allowed(version: ModelVersion) -> None:
    """Refuse what a policy says: where an approval has run out, nothing new is built until somebody looks again."""
    request = run_out_without_builds(object_type=MODEL_TYPE, object_id=version.model_id, subject_id=version.pk)
    if request is not None:
        raise BadRequest(
            f"No new image is built of {version}: the approval to {request.summary} ran out on"
            f" {request.valid_until:%d %B %Y}. Have it revalidated: {reverse('review', args=[request.pk])}"
        )


def fail(image: Image, why: str) -> None:
    """End a build that came to nothing; once."""
    ended = Image.objects.filter(pk=image.pk, state=ImageState.BUILDING)
    ended.update(state=ImageState.FAILED, message=why, finished_at=timezone.now())


def end_given_up() -> int:
    """Builds whose job ended without a word: it was cancelled, or took too many workers down with it."""
    given_up = Image.objects.filter(state=ImageState.BUILDING).exclude(job__state__in=ACTIVE)
    return given_up.update(
        state=ImageState.FAILED, message="The build was given up: its job ended.", finished_at=timezone.now()
    )


def _being_built(version: ModelVersion) -> Image | None:
    building = Image.objects.filter(version=version, state=ImageState.BUILDING).select_related("job").first()
    if building is None or (building.job is not None and building.job.state in ACTIVE):
        return building
    fail(building, "The build was given up: its job ended.")
    return None
