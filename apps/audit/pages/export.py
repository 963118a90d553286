"""The record as a file, streamed: memory stays the same however long it is.

As much of it as was asked for, to be read; or a stretch of it, signed, to be verified where this server is not.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from apps.audit import exporting, queries, sentences
from apps.audit.models import Entry
from apps.audit.pages.record import require_auditor
from mlregistry.console.page import page
from mlregistry.csv import csv_lines
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Access

STRETCH = 1000
"""Entries read at once."""
COLUMNS = ("sequence", "time", "action", "username", "kind", "owner", "token_id", "address")
OF_TARGET = ("target_type", "target_id", "target_name")


@page(requires=Access.SIGNED_IN)
def export(request: HttpRequest) -> HttpResponse:
    """CSV for a spreadsheet, lines of JSON with all that the hashes cover, or those signed, of whole days."""
    require_auditor(request)
    asked = queries.Asked.read(request.GET)
    match request.GET.get("format", "csv"):
        case "csv":
            return _sent("audit.csv", "text/csv", _csv(_walked(queries.entries(asked))))
        case "jsonl":
            return _sent("audit.jsonl", "application/jsonl", _lines(_walked(queries.entries(asked))))
        case "signed":
            chosen = exporting.choose(since=asked.since, until=asked.until)
            lines = exporting.lines(chosen, every=exporting.EVERY)
            return _sent(f"audit-{chosen.first}-{chosen.last}.jsonl", "application/jsonl", lines)
    raise InvalidParameter("The record is exported as csv, as jsonl, or as jsonl that is signed.")


@page(requires=Access.SIGNED_IN)
def verifier(request: HttpRequest) -> HttpResponse:
    """The program that verifies what was exported signed, and evidence of versions."""
    require_auditor(request)
    return _sent("verifier.py", "text/x-python", [exporting.VERIFIER.read_bytes()])


def _sent(name: str, kind: str, content: Iterable[str] | Iterable[bytes]) -> HttpResponse:
    answer = StreamingHttpResponse(content, content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return cast("HttpResponse", answer)  # whose headers are set in the same way


def _walked(found: QuerySet[Entry]) -> Iterator[Entry]:
    """Oldest first; stretch by stretch, so that no cursor is held while a slow reader reads."""
    last = 0
    while stretch := list(found.filter(sequence__gt=last).order_by("sequence")[:STRETCH]):
        yield from stretch
        last = stretch[-1].sequence


def _lines(entries: Iterator[Entry]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps(entry.content() | {"hash": entry.hash}, ensure_ascii=False) + "\n"


def _csv(entries: Iterator[Entry]) -> Iterator[str]:
    head = [*COLUMNS, *OF_TARGET, "sentence", "details", "hash", "previous"]
    return csv_lines(head, rows=(_row(entry) for entry in entries))


def _row(entry: Entry) -> list[Any]:
    row: list[Any] = [getattr(entry, name) for name in (*COLUMNS, *OF_TARGET)]
    details = json.dumps(entry.details, ensure_ascii=False)
    return [*row, sentences.sentence(entry), details, entry.hash, entry.previous]
