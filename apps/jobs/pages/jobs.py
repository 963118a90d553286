"""Jobs: how far they are, what they said, what came of them."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.accounts.preferences import rows_per_page
from apps.jobs import queries, services
from apps.jobs.choices import ACTIVE, State
from apps.jobs.models import Job
from apps.jobs.results import FILE, KeptFile
from mlregistry.console.page import gone_to, is_part, page, show
from mlregistry.errors import PermissionDenied
from mlregistry.levels import Access
from mlregistry.service_admin import page_actor
from mlregistry.wire.keyset import Term, fetch_page

TERMS = (Term("pk", int, ascending=False),)
MOST_LOG = 20_000
"""The end of a log that a page shows."""
ORIGIN = "address"
"""The field of a job's payload that says on which page it was asked for: a path on this server."""


@page(requires=Access.SIGNED_IN)
def jobs(request: HttpRequest) -> HttpResponse:
    """Newest first; while one of them is under way, the list keeps itself true."""
    asker, state = reader(request), request.GET.get("state", "")
    visible = queries.jobs_visible_to(asker).defer(*queries.BULKY)
    found = fetch_page(
        visible.filter(state=state) if state in State.values else visible,
        terms=TERMS,
        limit=rows_per_page(asker),
        token=request.GET.get("page", ""),
        question=["jobs", state],
    )
    context: dict[str, Any] = {
        "rows": [{"job": job, "title": title_of(job)} for job in found.rows],
        "next": found.next_page_token,
        "state": state,
        "states": State.values,
        "is_active": any(job.state in ACTIVE for job in found.rows),
        "sees_all": asker.is_superuser,
    }
    if is_part(request):
        return show(request, "jobs/rows.html", **context)
    return show(request, "jobs/jobs.html", title="Jobs", **context)


@page(requires=Access.SIGNED_IN)
def job(request: HttpRequest, pk: int) -> HttpResponse:
    asker = reader(request)
    found = queries.get_job(asker, pk)
    is_active = found.state in ACTIVE
    context: dict[str, Any] = {
        "job": found,
        "is_active": is_active,
        "may_cancel": is_active and queries.may_cancel(asker, found),
        "percent": _percent(found),
        "log": found.log[-MOST_LOG:],
        "is_cut": len(found.log) > MOST_LOG,
        "origin": _origin(found),
        "file": KeptFile.of(found) if queries.may_take_file(asker, found) else None,
        **_result(found),
    }
    if is_part(request):
        return show(request, "jobs/progress.html", **context)
    crumbs = [(reverse("jobs"), "Jobs")]
    return show(request, "jobs/job.html", title=title_of(found), crumbs=crumbs, **context)


@page(requires=Access.SIGNED_IN, methods=("POST",))
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    asker = reader(request)
    found = queries.get_job(asker, pk)
    if not queries.may_cancel(asker, found):
        raise PermissionDenied("Only an administrator, or whoever asked for the job, may cancel it.")
    services.cancel(job=found, by=page_actor(request))
    return gone_to(request, reverse("job", args=[pk]), said=f"Job {pk} is cancelled.")


def started(request: HttpRequest, job: Job) -> HttpResponse:
    """After work was asked for: to the page that shows how far it is."""
    return gone_to(request, reverse("job", args=[job.pk]))


def title_of(job: Job) -> str:
    """tracking.sweep_uploads: "Tracking: sweep uploads"."""
    return job.kind.replace(".", ": ").replace("_", " ").capitalize()


def _percent(job: Job) -> int | None:
    return min(100, round(100 * job.done / job.total)) if job.total else None


def _origin(job: Job) -> str:
    """Where to go back to, only where it is a page of ours."""
    address = str(job.payload.get(ORIGIN, ""))
    return address if address.startswith("/admin/") else ""


def _result(job: Job) -> dict[str, Any]:
    """Plain values as a table, the rest as JSON; what is told of a file is told otherwise."""
    result = {key: value for key, value in (job.result or {}).items() if key != FILE}
    plain = {key: value for key, value in result.items() if isinstance(value, str | int | float) or value is None}
    nested = {key: value for key, value in result.items() if key not in plain and value not in ([], {})}
    return {
        "facts": [(key.replace("_", " "), value) for key, value in plain.items()],
        "nested": json.dumps(nested, indent=2, ensure_ascii=False) if nested else "",
    }
