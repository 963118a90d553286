"""The record as signed lines of JSON that an auditor can verify without this server, by `verifier.py`.

A checkpoint says what the chain's hash is behind an entry, and how many entries of the export led there. The first line
is one that counts none, the last one bears `end`; so what is cut off at either end shows as what is changed between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from apps.audit import chain, queries, verifier
from apps.audit.models import Head
from apps.audit.plain import canonical
from mlregistry import signing
from mlregistry.errors import InvalidParameter

VERIFIER = Path(verifier.__file__)
EVERY = 1000
"""Entries between two checkpoints."""


@dataclass(frozen=True, slots=True)
class Range:
    """The entries from `first` to `last`, both included."""

    head: Head
    first: int
    last: int


def choose(*, first: int | None = None, last: int | None = None, since: str = "", until: str = "") -> Range:
    """The range between two entries or days (2026-03-31), both included; what is not given is the end of the chain.

    Days choose where the range begins and ends: what lies between is exported whatever its time, without a gap.
    """
    head = Head.objects.first()
    if head is None:
        raise chain.BrokenChain("The head of the chain is missing.")
    if since:
        begins = queries.entries(queries.Asked(since=since)).order_by("sequence").values_list("sequence", flat=True)
        first = begins.first() or head.count + 1
    if until:
        ends = queries.entries(queries.Asked(until=until)).order_by("-sequence").values_list("sequence", flat=True)
        last = ends.first() or 0
    chosen = Range(head, max(first or 1, 1), head.count if last is None else min(last, head.count))
    if chosen.first > chosen.last:
        raise InvalidParameter("There is no entry in that range.")
    return chosen


def lines(chosen: Range, *, every: int) -> Iterator[bytes]:
    """The export of `chosen`, line by line, with a checkpoint after each `every` entries.

    Every entry is checked on the way: a chain that is wrong raises `BrokenChain`, and is not signed to its end.
    """
    count, digest = 0, chain.hash_at(chosen.first - 1)
    yield _checkpoint(chosen.first - 1, digest, count)
    for entry in chain.walk(chosen.head, chosen.first, chosen.last):
        yield canonical(entry.content() | {"hash": entry.hash}) + b"\n"
        count, digest = count + 1, entry.hash
        if count % every == 0 and entry.sequence != chosen.last:
            yield _checkpoint(entry.sequence, digest, count)
    yield _checkpoint(chosen.last, digest, count, end=True)


def _checkpoint(sequence: int, digest: str, count: int, *, end: bool = False) -> bytes:
    said: dict[str, Any] = {
        "purpose": verifier.PURPOSE,
        "sequence": sequence,
        "hash": digest,
        "count": count,
        "time": timezone.now().isoformat(timespec="microseconds"),
        "end": end,
    }
    signature, key = signing.sign(canonical(said))
    return canonical({"checkpoint": said, "key": key, "signature": signature}) + b"\n"
