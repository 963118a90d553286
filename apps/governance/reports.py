"""Reports for who audits: each a table of what an app knows, to be read, printed or taken along as CSV.

add_report(Report("approvals", "Approvals", "Who approved what.", ("When", "What"), rows_of_approvals))
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlregistry.errors import InvalidParameter, NotFound

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day, both included (UTC); what is not given is open."""

    since: str = ""
    until: str = ""

    def conditions(self, field: str) -> dict[str, datetime]:
        """What a query on a column of times is narrowed down by."""
        found = {}
        if self.since:
            found[f"{field}__gte"] = _day(self.since)
        if self.until:
            found[f"{field}__lt"] = _day(self.until) + timedelta(days=1)
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """A row, and the page of what it is about."""

    cells: tuple[Any, ...]
    address: str


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    title: str
    about: str
    columns: tuple[str, ...]
    rows: "Callable[[User, Period], Iterator[Line]]"
    """Of what this user may read, one after the other: there may be many."""
    has_period: bool = True


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A page that is found among the reports: what it asks for does not fit a table."""

    title: str
    page: str
    """The name of its address."""


_reports: dict[str, Report] = {}
_inquiries: list[Inquiry] = []


def add_report(report: Report) -> None:
    _reports[report.name] = report


def every_report() -> list[Report]:
    return list(_reports.values())


def add_inquiry(inquiry: Inquiry) -> None:
    _inquiries.append(inquiry)


def every_inquiry() -> list[Inquiry]:
    return list(_inquiries)


def report_named(name: str) -> Report:
    if name not in _reports:
        raise NotFound(f"There is no report {name[:40]!r}: there are {', '.join(_reports)}.")
    return _reports[name]


def _day(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidParameter(f"{written[:40]!r} is no day: write 2026-03-31.") from None
