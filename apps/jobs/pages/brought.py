"""What jobs bring to the pages that all apps share."""

from collections.abc import Iterable

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.jobs import queries
from apps.jobs.pages.jobs import title_of
from apps.jobs.pages.verification import verification
from mlregistry.console.registry import Need, Panel, add_needs, add_panel

NAMED = 4


def bring() -> None:
    add_needs(jobs_that_failed)
    add_panel("home", failed_jobs)
    add_panel("audit", verification)


def jobs_that_failed(request: HttpRequest) -> Iterable[Need]:
    """Those that the reader asked for."""
    for job in queries.failed_lately(Q(user_id=reader(request).pk))[:NAMED]:
        words = f"{title_of(job)} failed"
        yield Need(words, reverse("job", args=[job.pk]), job.error[:200], tone="bad")


def failed_jobs(request: HttpRequest) -> Panel | None:
    """For administrators: those of everybody else, the server's own before all."""
    asker = reader(request)
    if not asker.is_superuser:
        return None
    others = queries.failed_lately(Q(user_id=None) | ~Q(user_id=asker.pk))[:NAMED]
    rows = [{"job": job, "title": title_of(job)} for job in others]
    return Panel("Failed jobs", "jobs/failed.html", {"rows": rows}, order=60) if rows else None
