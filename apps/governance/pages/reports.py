"""Reports: on a page that prints well, and as CSV."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.governance.pages.showing import crumbs, field_of, sections
from apps.governance.reports import Line, Period, Report, every_inquiry, every_report, report_named
from mlregistry.console.page import page, show
from mlregistry.csv import csv_lines
from mlregistry.levels import Access

SHOWN = 500


@page(requires=Access.SIGNED_IN)
def report(request: HttpRequest, name: str = "approvals") -> HttpResponse:
    """Of what whoever looks may read; the page shows the first rows, CSV has all of them."""
    chosen, user = report_named(name), reader(request)
    period = Period(field_of(request, "since"), field_of(request, "until")) if chosen.has_period else Period()
    rows = chosen.rows(user, period)
    if request.GET.get("format") == "csv":
        return _csv(chosen, rows)
    shown = list(islice(rows, SHOWN + 1))
    return show(
        request,
        "governance/report.html",
        title=chosen.title,
        crumbs=crumbs(),
        sections_of_it=sections("reports", is_administrator=user.is_superuser),
        report=chosen,
        reports=[(each, reverse("report", args=[each.name])) for each in every_report()],
        inquiries=[(each.title, reverse(each.page)) for each in every_inquiry()],
        period=period,
        lines=[(line, [_shown(cell) for cell in line.cells]) for line in shown[:SHOWN]],
        has_more=len(shown) > SHOWN,
    )


def _shown(cell: Any) -> tuple[Any, bool]:
    """What stands in a cell, and whether that is a time."""
    return cell, isinstance(cell, datetime)


def _csv(chosen: Report, rows: Iterator[Line]) -> HttpResponse:
    written = ([cell.isoformat() if isinstance(cell, datetime) else cell for cell in line.cells] for line in rows)
    answer = StreamingHttpResponse(csv_lines(chosen.columns, rows=written), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{chosen.name}.csv"'
    return cast("HttpResponse", answer)  # whose headers are set in the same way
