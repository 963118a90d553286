"""Whose artifacts a path means, and whether someone may touch them.

A path of the proxy belongs to the experiment below whose location it lies; within it, to the run
(`<run_id>/artifacts/…`) or logged model (`models/<model_id>/artifacts/…`) that it names, which must exist and is
in that experiment or was moved out of it: then the experiment where it is now says who may do what. Everything else
below an experiment's location (`traces/…`) is the experiment's own. What belongs to nobody, and what belongs to
an experiment that is hidden from whoever asks, is equally not there.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from apps.accounts.grants import check_level
from apps.accounts.models import User
from apps.tracking.artifacts import locations
from apps.tracking.artifacts.paths import INVALID_PATH, MAX_PATH_BYTES
from apps.tracking.artifacts.stores import proxied_store
from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.choices import PRESENT
from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.logged_models import get_logged_model
from apps.tracking.queries.runs import get_run
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with

_RUN_ID = re.compile(r"[0-9a-f]{32}")
NOTHING_HERE = "There are no artifacts here, or not for you."


class OwnedExperiment(NamedTuple):
    """An experiment whose location a path lies below, and what whoever asks may do with it."""

    pk: int
    location: str
    level: Level


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder that belongs to an experiment, and that whoever asked may reach."""

    store: ArtifactStore
    path: str
    """In the store."""
    uri: str
    """The same for everyone, whatever the store: the key of `ArtifactFile`."""
    experiment_id: int
    run_id: str = ""
    """The run that it belongs to; empty if to a logged model, or to the experiment alone."""
    model_id: str = ""
    """The logged model that it belongs to."""
    is_root: bool = False
    """It is all that an experiment has."""

    def below(self, path: str) -> "Place":
        """The file or folder `path` (from `safe_path`) in this folder."""
        if not path:
            return self
        whole = f"{self.path}/{path}"
        if len(whole.encode()) > MAX_PATH_BYTES:
            raise InvalidParameter(INVALID_PATH)
        return replace(self, path=whole, uri=f"{self.uri}/{path}", is_root=False)


def proxied_place(user: User, path: str, *, at_least: Level) -> Place:
    """The place that the proxy's `path` (from `safe_path`) means."""
    names = path.split("/")
    owners, depth = _owners(user, names)
    rest = names[depth:]
    run_id, model_id = _named(rest)
    if run_id or model_id:
        kept = _kept_in([owner.pk for owner in owners], run_id, model_id)
        found = EXPERIMENT_GRANTS.annotate(kept, user, via="experiment", name="level").first()
        owners = [OwnedExperiment(found.experiment_id, "", Level(found.level))] if found else []
    # Several experiments may share a location; what is not a run's or a model's then takes the level on all of them.
    level = min((owner.level for owner in owners), default=Level.NO_PERMISSIONS)
    subject = f"experiment {owners[0].pk}" if owners else ""
    check_level(level, at_least=at_least, absent=NOTHING_HERE, subject=subject)
    return Place(proxied_store(), path, locations.proxied(path), owners[0].pk, run_id, model_id, is_root=not rest)


def run_place(user: User, run_id: str, *, at_least: Level) -> tuple[Place, Run]:
    """The root of the run's artifacts."""
    run = get_run(user, run_id, at_least=at_least)
    return replace(place_at(run.artifact_uri, run.experiment_id), run_id=run.uuid), run


def logged_model_place(user: User, model_id: str, *, at_least: Level) -> tuple[Place, LoggedModel]:
    """The root of the logged model's artifacts."""
    model = get_logged_model(user, model_id, at_least=at_least)
    return replace(place_at(model.artifact_location, model.experiment_id), model_id=model.model_id), model


def place_of(location: str) -> Place:
    """The place that a location means, with its owner: for what the server does by itself, whoever may reach it.

    `NotFound` if it belongs to nobody that is there, `InvalidParameter` if it is not in a store of this server. The uri
    is spelled as the experiment's own location, which is how every upload spells it.
    """
    spelled = locations.itself_and_above(location)
    found = Experiment.objects.filter(artifact_location__in=spelled, lifecycle_stage__in=PRESENT)
    owners = dict(found.values_list("pk", "artifact_location"))
    outer = min(owners.values(), key=len, default="")
    rest = locations.path_within(outer, location) if outer else ""
    run_id, model_id = _named(rest.split("/"))
    if run_id or model_id:
        kept = _kept_in(owners, run_id, model_id)
        owners = dict.fromkeys(kept.values_list("experiment_id", flat=True), outer)
    if not owners:
        raise NotFound(f"The files at {location!r} belong to no experiment, run or logged model that is there.")
    uri = f"{outer}/{rest}" if rest else outer
    return Place(*locations.open_location(uri), uri, min(owners), run_id, model_id, is_root=not rest)


def visible_names(user: User, path: str) -> set[str] | None:
    """What `user` may see of a folder that holds experiments' locations rather than lying in one; None if it is none.

    The root is always such a folder.
    """
    prefix = locations.proxied(f"{path}/" if path else "")
    below = EXPERIMENT_GRANTS.filter(Experiment.objects.filter(begins_with("artifact_location", prefix)), user)
    found = below.values_list("artifact_location", flat=True)
    names = {location[len(prefix) :].split("/")[0] for location in found}
    return names if names or not path else None


def moved_out_of(place: Place) -> set[str]:
    """The folders in this folder of an experiment's own that are of a run or logged model which was moved elsewhere."""
    if place.run_id or place.model_id:
        return set()
    table, root = (Run, "artifact_uri") if place.is_root else (LoggedModel, "artifact_location")
    moved = table._default_manager.filter(begins_with(root, f"{place.uri}/"), located_in__isnull=False)
    return {location.rpartition("/")[0] for location in moved.values_list(root, flat=True)}


def _named(names: Sequence[str]) -> tuple[str, str]:
    """The run, or the logged model, whose folder a path in an experiment's location leads into."""
    if names and _RUN_ID.fullmatch(names[0]):
        return names[0], ""
    if len(names) > 1 and names[0] == "models":
        return "", names[1]
    return "", ""


def _kept_in(experiments: Collection[int], run_id: str, model_id: str) -> "QuerySet[Any]":
    """The run or the logged model, if it is there and its files lie in the location of one of these experiments."""
    named: QuerySet[Any] = Run.objects.filter(uuid=run_id) if run_id else LoggedModel.objects.filter(model_id=model_id)
    located = Q(located_in__in=experiments) | Q(located_in=None, experiment__in=experiments)
    return named.filter(located, lifecycle_stage__in=PRESENT)


def _owners(user: User, names: Sequence[str]) -> tuple[list[OwnedExperiment], int]:
    """The experiments above `names`, with `user`'s level on each, and how many names lead to their location."""
    depths = {locations.proxied("/".join(names[:count])): count for count in range(1, len(names) + 1)}
    experiments = Experiment.objects.filter(artifact_location__in=depths, lifecycle_stage__in=PRESENT)
    found = [
        OwnedExperiment(row.pk, row.artifact_location, Level(row.level))  # type: ignore[attr-defined]  # annotated below
        for row in EXPERIMENT_GRANTS.annotate(experiments, user, name="level").order_by("pk")
    ]
    if not found:
        raise NotFound(NOTHING_HERE)
    # Locations do not lie in each other; should two ever, the outer one owns what is in it.
    depth = min(depths[owner.location] for owner in found)
    return [owner for owner in found if depths[owner.location] == depth], depth


def place_at(location: str, experiment_id: int) -> Place:
    store, path = locations.open_location(location)
    if not path:
        raise InvalidParameter(f"{location!r} is nobody's own folder.")
    return Place(store, path, location.rstrip("/"), experiment_id)
