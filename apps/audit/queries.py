"""Reading the record: what an index answers, narrowed down by the hand of whoever may read it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from apps.audit.models import Entry
from mlregistry.errors import InvalidParameter, NotFound

BIGINT = 2**63


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the record somebody wants to see; what is empty narrows nothing down."""

    person: str = ""
    action: str = ""
    """An action in full, or what several begin with, up to a dot: "accounts."."""
    kind: str = ""
    """The model of the target: "tracking.run"."""
    text: str = ""
    """A target's id or name, an action or a name, in full: what an index answers."""
    since: str = ""
    until: str = ""
    """Days as 2026-03-31, both included."""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Asked":
        return cls(**{name: given.get(name, "").strip().replace("\0", "") for name in cls.__slots__})

    def filled(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


def entries(asked: Asked) -> QuerySet[Entry]:
    conditions = []
    if asked.person:
        conditions.append(Q(username=asked.person) | Q(owner=asked.person))
    if asked.action:
        whole = not asked.action.endswith(".")
        conditions.append(Q(action=asked.action) if whole else Q(action__startswith=asked.action))
    if asked.kind:
        conditions.append(Q(target_type=asked.kind))
    if asked.text:
        exact = (Q(**{name: asked.text}) for name in ("target_id", "target_name", "username", "action"))
        conditions.append(next(exact) | next(exact) | next(exact) | next(exact))
    if asked.since:
        conditions.append(Q(time__gte=_day(asked.since)))
    if asked.until:
        conditions.append(Q(time__lt=_day(asked.until) + timedelta(days=1)))
    return Entry.objects.filter(*conditions)


def get_entry(sequence: int) -> Entry:
    found = Entry.objects.filter(pk=sequence).first() if sequence < BIGINT else None
    if found is None:
        raise NotFound(f"There is no entry {sequence}.")
    return found


def _day(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidParameter(f"{written[:40]!r} is no day: write 2026-03-31.") from None
