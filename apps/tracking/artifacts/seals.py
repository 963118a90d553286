"""Sealing: files that something is made of stay as they are, for as long as it needs them.

Whoever writes or deletes through this server asks `check_unsealed`, and gc leaves what is sealed and whatever it
belongs to. Clients that write to a store themselves, with credentials or a presigned URL of their own, are not held
back by it; comparing hashes finds what they do.

A seal and a write that is on its way: it looks for seals when all its bytes have come, and then lets its file appear.
Nothing of the database is held meanwhile, so it may have looked before the seal was committed, and appear after. Who
seals files in order to read them therefore does this, and in this order: seal, and commit; `ArtifactStore.settle`,
after which any such write has appeared or looks again, and is refused; read; see whether every file still has the
marker under which it was read. In a folder this leaves no gap for a write. An object store cannot call a request back,
so one that takes longer than `settle` waits may come later, as may a deletion whose server stood still after its
commit. Then the last step sees it; or else it is found as any other change is.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.tracking.artifacts.places import Place
from apps.tracking.choices import PRESENT
from apps.tracking.clock import now_ms
from apps.tracking.models import Experiment, LoggedModel, Run, Seal
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from mlregistry.prefixes import begins_with

SEALED = (
    "A version of a registered model is made of these files, so they stay as they are: choose another path, or delete"
    " the version first."
)


@transaction.atomic
def seal(*, place: Place, holder: str) -> None:
    """Keep the file or folder at `place` as it is until `unseal(holder)`. Doing it twice does no harm.

    `NotFound` if gc has begun to remove what it belongs to, or it was moved since; `InvalidParameter` for all that an
    experiment has.
    """
    if place.is_root:
        raise InvalidParameter(f"{place.uri} is all that an experiment has, and cannot be kept from changing.")
    # Locked, so that gc either sees the seal or has marked its prey before, which is seen here.
    experiments = Experiment.objects.filter(pk=place.experiment_id)
    owners: list[QuerySet[Any]] = [experiments]
    if place.run_id:
        owners.append(Run.objects.filter(uuid=place.run_id, experiment=place.experiment_id))
    if place.model_id:
        owners.append(LoggedModel.objects.filter(model_id=place.model_id, experiment=place.experiment_id))
    for owner in owners:
        if owner.filter(lifecycle_stage__in=PRESENT).select_for_update(no_key=True).first() is None:
            raise NotFound(f"What the files at {place.uri} belong to is being moved, or deleted for good.")
    row = Seal(
        experiment_id=place.experiment_id,
        uri=place.uri,
        holder=holder,
        run_uuid=place.run_id,
        logged_model_id=place.model_id,
        sealed_at=now_ms(),
    )
    Seal.objects.bulk_create([row], ignore_conflicts=True)


@transaction.atomic
def unseal(*, holder: str) -> bool:
    """Let go of whatever `holder` needed; False if that was nothing."""
    return bool(Seal.objects.filter(holder=holder).delete()[0])


def check_unsealed(place: Place, *, and_below: bool = False) -> None:
    """Refuse to change the file or folder at `place` if it is sealed or lies in what is; one query.

    With `and_below` also if something in it is: for whoever deletes all of it.
    """
    names = place.uri.split("/")
    held = Q(uri__in=["/".join(names[:count]) for count in range(1, len(names) + 1)])
    if and_below:
        held |= begins_with("uri", f"{place.uri}/")
    if Seal.objects.filter(held).exists():
        raise PermissionDenied(SEALED)
