"""Choosing of what one is told, and how."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.notices.choices import SUBJECTS, Way
from apps.notices.queries.preferences import choices_of
from apps.notices.services.preferences import choose as keep
from mlregistry.console.page import gone_to, page, show
from mlregistry.levels import Access


@page(requires=Access.SIGNED_IN)
def preferences(request: HttpRequest) -> HttpResponse:
    user = reader(request)
    chosen = choices_of(user)
    rows = [
        (event, subject, [(way, f"{event.value}.{way.value}", way in chosen[event]) for way in Way])
        for event, subject in SUBJECTS.items()
    ]
    return show(
        request,
        "notices/preferences.html",
        title="What you are told",
        crumbs=[(reverse("account"), "My account")],
        rows=rows,
        ways=list(Way),
        address=user.email,
    )


@page(requires=Access.SIGNED_IN, methods=("POST",))
def choose(request: HttpRequest) -> HttpResponse:
    """What is not ticked is not wanted."""
    ticked = set(request.POST.getlist("told"))
    chosen = {event: [way for way in Way if f"{event.value}.{way.value}" in ticked] for event in SUBJECTS}
    keep(user=reader(request), chosen=chosen)
    return gone_to(request, reverse("notice-preferences"), said="Remembered.")
