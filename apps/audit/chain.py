"""Walking the chain: is every entry still what it was, and is the last one the last?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Subquery

from apps.audit.models import GENESIS, Entry, Head

STRETCH = 1000
"""Entries read at once: memory stays the same however long the chain is."""


class BrokenChain(Exception):
    """The chain is not what was written; the message names the first entry that is wrong, `at` is its number."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Verdict:
    entries: int
    head: str


Report = Callable[[int, int], None]
"""Told how many entries were walked, of how many."""


def verify(report: Report | None = None) -> Verdict:
    """Walk the whole chain, or raise `BrokenChain`. Entries added meanwhile are left for the next walk."""
    head = Head.objects.first()
    if head is None:
        raise BrokenChain("The head of the chain is missing.")
    for entry in walk(head, 1, head.count):
        if report and entry.sequence % STRETCH == 0:
            report(entry.sequence, head.count)
    _look_outside()
    if report:
        report(head.count, head.count)
    return Verdict(entries=head.count, head=head.hash)


def walk(head: Head, first: int, last: int) -> Iterator[Entry]:
    """The entries from `first` to `last`, each one checked before it is given; raises `BrokenChain` at a wrong one.

    The first is held against the entry before it, and what ends the chain against its head.
    """
    at, previous = first - 1, hash_at(first - 1)
    for entry in _entries(after=at, up_to=last):
        _check(entry, previous, at)
        at, previous = entry.sequence, entry.hash
        yield entry
    if at != last:
        ends = f": the chain ends at {at}, its head counts {head.count}." if last == head.count else "."
        raise BrokenChain(f"Entry {at + 1} is missing{ends}", at)
    if at == head.count and previous != head.hash:
        raise BrokenChain(f"Entry {at} is not the one that the head names.", at)


def check_seal(entry: Entry) -> None:
    """Raise `BrokenChain` unless the entry is what its hash was made of."""
    if entry.hash != entry.seal():
        said = f"Entry {entry.sequence} ({entry.action}) was changed: its content has another hash."
        raise BrokenChain(said, entry.sequence)


def hash_at(sequence: int) -> str:
    """What the entry behind `sequence` must carry as its previous hash."""
    if sequence == 0:
        return GENESIS
    entry = Entry.objects.filter(sequence=sequence).first()
    if entry is None:
        raise BrokenChain(f"Entry {sequence} is missing.", sequence)
    return entry.hash


def _check(entry: Entry, previous: str, last: int) -> None:
    """Whether `entry` is what was written, right behind entry `last`, whose hash is `previous`."""
    if entry.sequence != last + 1:
        raise BrokenChain(f"Entry {last + 1} is missing.", entry.sequence)
    check_seal(entry)
    if entry.previous != previous:
        raise BrokenChain(f"Entry {entry.sequence} ({entry.action}) does not follow entry {last}.", entry.sequence)


def _entries(*, after: int, up_to: int) -> Iterator[Entry]:
    last = after
    while stretch := Entry.objects.filter(sequence__gt=last, sequence__lte=up_to).order_by("sequence")[:STRETCH]:
        yield from stretch
        last = stretch[len(stretch) - 1].sequence


def _look_outside() -> None:
    """No entry may stand before the first or behind the head. One statement each: writers may be moving the head."""
    stray = (
        Entry.objects.filter(sequence__lt=1).first()
        or Entry.objects.filter(sequence__gt=Subquery(Head.objects.values("count")[:1])).first()
    )
    if stray:
        said = f"Entry {stray.sequence} ({stray.action}) was added behind the chain's back."
        raise BrokenChain(said, stray.sequence)
