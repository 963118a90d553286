"""Which version held a stage or an alias at some moment, since when, and who had agreed to that on which evidence.

Told from the record alone: each entry says what was moved and what that replaced, by ids that no renaming changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from apps.audit.models import Entry
from apps.governance.models import ChangeRequest, Vote
from apps.registry.choices import ARCHIVED, NONE, stage_named
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.rules import check_alias
from mlregistry.errors import InvalidParameter

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


def as_of(model: RegisteredModel, place: Place, moment: datetime) -> list[Holder]:
    """The versions that held the place then, the highest number first. Five queries, whatever happened since."""
    numbers = dict(ModelVersion.objects.filter(model=model).values_list("pk", "version"))
    about = {str(pk): number for pk, number in numbers.items()}
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
