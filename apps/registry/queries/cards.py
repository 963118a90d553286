"""Reading model cards. Whoever may read a version may read its card: ask for the version first."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from django.db.models import QuerySet

from apps.registry.cards import SECTIONS
from apps.registry.models import CardRevision, ModelVersion
from mlregistry.errors import NotFound

MOST_LINES_COMPARED = 1_000
"""A longer section is shown as replaced: comparing takes time by the square of the lines."""


@dataclass(frozen=True, slots=True)
class SectionChange:
    section: str
    lines: list[str]
    """As in a unified diff, without the names of files."""


def current_card(version: ModelVersion) -> CardRevision:
    """The newest revision; before the first one an empty card, which is revision 0 and kept nowhere."""
    return revisions(version).order_by("-number").first() or _nothing_yet(version)


def revisions(version: ModelVersion) -> QuerySet[CardRevision]:
    return CardRevision.objects.filter(version=version)


def get_revision(version: ModelVersion, number: int) -> CardRevision:
    """The revision of that number; 0 is the empty card that everything began with."""
    found = revisions(version).filter(number=number).first() if number else _nothing_yet(version)
    if found is None:
        raise NotFound(
            f"The card of Model Version (name={version.model.name}, version={version.version}) has no revision {number}"
        )
    return found


def changes(before: CardRevision, after: CardRevision) -> Iterator[SectionChange]:
    """What differs between two revisions, section by section."""
    for section in SECTIONS:
        old, new = (revision.sections.get(section, "") for revision in (before, after))
        if old != new:
            yield SectionChange(section, changed_lines(old, new))


def changed_lines(before: str, after: str) -> list[str]:
    """What differs between two texts, as in a unified diff without the names of files."""
    old, new = _lines(before), _lines(after)
    if len(old) + len(new) > MOST_LINES_COMPARED:
        return [*(f"-{line}" for line in old), *(f"+{line}" for line in new)]
    return list(unified_diff(old, new, lineterm=""))[2:]


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _nothing_yet(version: ModelVersion) -> CardRevision:
    return CardRevision(version=version, number=0, sections={}, written_by="")
