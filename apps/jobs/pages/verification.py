"""The audit record's verify button: below this app nothing can start a job."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.audit.pages.record import require_auditor
from apps.jobs.choices import ACTIVE
from apps.jobs.models import Job
from apps.jobs.pages.jobs import started
from apps.jobs.verification import VERIFY_JOB, request_verification
from mlregistry.console.page import page
from mlregistry.console.registry import Panel
from mlregistry.levels import Access
from mlregistry.service_admin import page_actor


@page(requires=Access.SIGNED_IN, methods=("POST",))
def verify(request: HttpRequest) -> HttpResponse:
    require_auditor(request)
    return started(request, request_verification(address=reverse("audit"), by=page_actor(request)))


def verification(request: HttpRequest) -> Panel:
    """On the record's page: what the last walk over the chain found, and the button for another."""
    last = Job.objects.filter(kind=VERIFY_JOB).defer("log").order_by("-created_at").first()
    context = {
        "job": last,
        "is_active": last is not None and last.state in ACTIVE,
        "verdict": (last.result or {}) if last is not None else {},
    }
    return Panel("Is it still what was written?", "jobs/verification.html", context)
