"""Which version held a stage or an alias at some moment, since when, and who had agreed to that on which evidence.

Told from the record alone: each entry says what was moved and what that replaced, by ids that no renaming changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.governance.models import ChangeRequest, Vote
from apps.registry.choices import ARCHIVED, NONE, stage_named
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.registered_models import get_model
from apps.registry.rules import check_alias, check_model_name
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level

MOVES = (
    "registry.version.create",
    "registry.version.set_stage",
    "registry.version.delete",
    "registry.alias.set",
    "registry.alias.delete",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A stage, or an alias."""

    stage: str = ""
    alias: str = ""

    @property
    def name(self) -> str:
        return self.stage or f"@{self.alias}"


@dataclass(frozen=True, slots=True)
class Holder:
    """A version that held the place, and how it had come there."""

    version: int
    since: datetime
    by: str
    entry: int
    """The number of the entry that says so."""
    request: ChangeRequest | None
    """With votes and revisions of policies; none where no policy asked for approval."""


def place_of(*, stage: str = "", alias: str = "") -> Place:
    """`InvalidParameter` unless exactly one of them is given, and could be."""
    if bool(stage) == bool(alias):
        raise InvalidParameter("Name either a stage, such as Production, or an alias.")
    if stage:
        return Place(stage=stage_named(stage))
    check_alias(alias)
    return Place(alias=alias)


@dataclass(frozen=True, slots=True)
class Past:
    """A model, as the record knows it: one that is there, or one that was deleted."""

    name: str
    numbers: dict[str, int]
    """Of its versions, by the ids that the record has them under."""
    model: RegisteredModel | None
    deletion: Entry | None


def past_of(user: User, name: str, moment: datetime) -> Past:
    """The model that had this name then, by its name of today.

    What was deleted is found by those who may read the record: nobody holds anything on it any more. Where one model
    took the name of another, the moment decides; behind the last deletion, that is what is told of.
    """
    check_model_name(name)
    deletions = Entry.objects.none()
    if user.has_perm("audit.view_entry"):
        deletions = Entry.objects.filter(target_name=name, action="registry.model.delete").order_by("sequence")
    if deletion := deletions.filter(time__gt=moment).first():
        return _deleted(deletion)
    try:
        model = get_model(user, name, at_least=Level.READ)
    except NotFound:
        if deletion := deletions.last():
            return _deleted(deletion)
        raise
    numbers = ModelVersion.objects.filter(model=model).values_list("pk", "version")
    return Past(model.name, {str(pk): number for pk, number in numbers}, model, None)


def _deleted(deletion: Entry) -> Past:
    details = deletion.details
    ids = [str(pk) for pk in details["version_ids"]]
    return Past(deletion.target_name, dict(zip(ids, details["versions"], strict=True)), None, deletion)


def as_of(past: Past, place: Place, moment: datetime) -> list[Holder]:
    """The versions that held the place then, the highest number first. A constant number of queries."""
    if past.deletion and past.deletion.time <= moment:
        return []
    about = past.numbers
    moves = Entry.objects.filter(
        target_type="registry.modelversion", target_id__in=list(about), action__in=MOVES, time__lte=moment
    ).order_by("sequence")
    holding = _in_stage(moves, about, place.stage) if place.stage else _under_alias(moves, about, place.alias)
    wanted = {entry.details["request"] for entry in holding.values() if "request" in entry.details}
    requests = ChangeRequest.objects.prefetch_related(
        Prefetch("votes", Vote.objects.order_by("pk")), "revisions__policy"
    ).in_bulk(wanted)
    return [
        Holder(number, entry.time, entry.username, entry.sequence, requests.get(entry.details.get("request", 0)))
        for number, entry in sorted(holding.items(), reverse=True)
    ]


def _in_stage(moves: Iterable[Entry], about: dict[str, int], stage: str) -> dict[int, Entry]:
    """The versions in `stage` after these moves, each with the entry that brought it there."""
    holding: dict[int, Entry] = {}
    for entry in moves:
        number, details = about[entry.target_id], entry.details
        if entry.action == "registry.version.delete":
            holding.pop(number, None)
        elif entry.action == "registry.version.create" and stage == NONE:
            holding[number] = entry
        elif entry.action == "registry.version.set_stage":
            for archived in details.get("archived", ()):
                holding.pop(archived, None)
                if stage == ARCHIVED:
                    holding[archived] = entry
            if details["after"] != stage:
                holding.pop(number, None)
            elif details["before"] != stage:
                holding[number] = entry
    return holding


def _under_alias(moves: Iterable[Entry], about: dict[str, int], alias: str) -> dict[int, Entry]:
    """The version under `alias` after these moves, if there is one."""
    holding: dict[int, Entry] = {}
    for entry in moves:
        number, details = about[entry.target_id], entry.details
        if entry.action == "registry.version.delete":
            holding.pop(number, None)
        elif details.get("alias") != alias:
            continue
        elif entry.action == "registry.alias.delete":
            holding.clear()
        elif details["before"] != number or not holding:
            holding = {number: entry}
    return holding
