"""The gate that asks for an image, and the build that a request with this gate starts by itself."""

from contextlib import suppress

import msgspec

from apps.governance.actions import Proposal, action_named, proposal_of
from apps.governance.announcing import Event, listen
from apps.governance.gates import Verdict, add_gate
from apps.governance.models import ChangeRequest
from apps.governance.services.gates import required
from apps.registry.gates.base import VersionGate, sealed_content
from apps.registry.models import ModelVersion
from apps.serving.choices import ImageState
from apps.serving.models import Image
from apps.serving.queries import images_of, ready_image
from apps.serving.services.images import request_build
from mlregistry.actor import system
from mlregistry.errors import RegistryError

NAME = "image_smoke_test"


class ImageSmokeTestTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prediction: bool = True
    """Whether it has to have predicted, which takes an input example; or whether it is enough that it answered."""


class ImageSmokeTest(VersionGate):
    """An image of exactly these files was built, and has answered."""

    name, title = NAME, "Image built, and answered its smoke test"
    Terms = ImageSmokeTestTerms

    def look_at(self, version: ModelVersion, terms: ImageSmokeTestTerms, proposal: Proposal) -> Verdict:
        digest = sealed_content(version).digest
        newest = images_of(version).filter(digest__in=(digest, "")).first()
        if newest is None:
            return Verdict(False, "No image has been built of these files.")
        image = ready_image(version) if newest.state != ImageState.READY else newest
        if image is None:
            said = "is still being built" if newest.state == ImageState.BUILDING else f"failed: {newest.message}"
            return Verdict(False, f"The image {said}", {"image": newest.pk})
        return _verdict(image, terms)


def add() -> None:
    add_gate(ImageSmokeTest())
    listen(build_what_is_asked_for)


def build_what_is_asked_for(event: Event, request: ChangeRequest, details: dict[str, object]) -> None:
    """Where a request has to show an image, it is built without anybody's asking, as soon as its files are known."""
    if event is not Event.NEEDS_YOU or not any(asked.name == NAME for _, asked in required(request)):
        return
    proposal = proposal_of(request)
    version = action_named(request.action).subject(proposal)
    if isinstance(version, ModelVersion) and not images_of(version).exclude(state=ImageState.FAILED).exists():
        with suppress(RegistryError):  # the gate says what is wrong
            request_build(version=version, by=system("gates"))


def _verdict(image: Image, terms: ImageSmokeTestTerms) -> Verdict:
    trial = image.trial or {}
    data = {"image": image.pk, "engine_id": image.engine_id, **{key: trial.get(key) for key in ("asked", "status")}}
    if not trial.get("asked"):
        said = "The image started and loaded its model; there is no input example to have it predict."
        return Verdict(not terms.prediction, said, data)
    return Verdict(True, f"The image answered {trial['asked']} in {trial['seconds'] * 1000:.0f} ms.", data)
