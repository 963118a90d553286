"""The record as a file, as much of it as was asked for, streamed: memory stays the same however long it is."""

import json
from collections.abc import Iterator
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from apps.audit import queries, sentences
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
    """CSV to read in a spreadsheet, or lines of JSON with all that the hashes cover, to verify elsewhere."""
    require_auditor(request)
    writers = {"csv": ("text/csv", _csv), "jsonl": ("application/jsonl", _lines)}
    wanted = request.GET.get("format", "csv")
    if wanted not in writers:
        raise InvalidParameter("The record is exported as csv or as jsonl.")
    kind, write = writers[wanted]
    found = queries.entries(queries.Asked.read(request.GET))
    answer = StreamingHttpResponse(write(_walked(found)), content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit.{wanted}"'
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
