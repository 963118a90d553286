"""Legal holds on what versions are made of: their files, and the runs and logged models that they name, stay.

The seals of a version's content do that as long as its files can be read. What cannot be read is let go of, and a run
that a version only names was never sealed; a hold seals these as well, for as long as it stands.
"""

from collections.abc import Iterator
from contextlib import suppress

from django.db.models import F, Q

from apps.governance.models import LegalHold
from apps.governance.queries.policies import is_held
from apps.governance.terms import Terms
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.versions import present
from apps.tracking.artifacts import seals
from apps.tracking.artifacts.places import Place, place_of
from apps.tracking.models import LoggedModel, Run
from mlregistry.errors import InvalidParameter, NotFound, Unsupported

_READABLE = Q(content__state__in=[ContentState.PENDING, ContentState.SEALED, ContentState.DRIFTED])
_NAMES_NO_MORE = Q(location__contains=F("run_id")) & Q(location__contains=F("logged_model_id"))
"""The run or logged model that it names is the one whose files it is made of."""


def follow_hold(hold: LegalHold) -> None:
    """Seal, or let go of, what this hold is about; in the transaction that places or lifts it."""
    patterns, names = Terms(models=(hold.object_name,)), RegisteredModel.objects.values_list("pk", "name")
    models = [pk for pk, name in names.iterator() if patterns.covers_object((name,))]
    for pk in models:
        versions = present().filter(model=pk).select_related("model").exclude(_READABLE & _NAMES_NO_MORE)
        if hold.subject:
            versions = versions.filter(version=int(hold.subject))
        for version in versions.order_by("version").iterator():
            if not keep_if_held(version):
                seals.unseal(holder=_holder(version))


def keep_if_held(version: ModelVersion) -> bool:
    """Seal what the version names if it is under a hold; whether it is. One query if it is not."""
    if not is_held(version.model.name, subject=str(version.version)):
        return False
    for place in _places(version):
        with suppress(NotFound):  # gc was faster, before there was a hold
            seals.seal(place=place, holder=_holder(version))
    return True


def _holder(version: ModelVersion) -> str:
    return f"registry.hold:{version.pk}"


def _places(version: ModelVersion) -> Iterator[Place]:
    """As far as they are in this server's store."""
    runs = Run.objects.filter(uuid=version.run_id).values_list("artifact_uri", flat=True)
    logged = LoggedModel.objects.filter(model_id=version.logged_model_id).values_list("artifact_location", flat=True)
    for location in filter(None, (version.location, *runs, *logged)):
        with suppress(NotFound, InvalidParameter, Unsupported):
            place = place_of(location)
            if not place.is_root:
                yield place
