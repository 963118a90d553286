"""Legal holds: the list, placing one, lifting one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.governance.models import LegalHold
from apps.governance.pages.showing import asked, crumbs, sections
from apps.governance.services import holds as services
from mlregistry.console.page import gone_to, page, show
from mlregistry.errors import NotFound, RegistryError
from mlregistry.levels import Access
from mlregistry.service_admin import page_actor

POST = ("POST",)
LIFTED = 50
"""Of those that were lifted, the newest that are shown."""
LIVE = 500


@page(requires=Access.ADMIN)
def holds(request: HttpRequest) -> HttpResponse:
    return show(
        request,
        "governance/holds.html",
        title="Legal holds",
        crumbs=crumbs(),
        sections_of_it=sections("holds", is_administrator=True),
        live=list(LegalHold.objects.filter(lifted_at=None).order_by("-pk")[:LIVE]),
        lifted=list(LegalHold.objects.filter(lifted_at__isnull=False).order_by("-lifted_at", "-pk")[:LIFTED]),
    )


@page(requires=Access.ADMIN, methods=POST)
def place(request: HttpRequest) -> HttpResponse:
    name, version = asked(request, "object_name").strip(), asked(request, "subject").strip()
    try:
        services.place_hold(object_name=name, subject=version, reason=asked(request, "reason"), by=page_actor(request))
    except RegistryError as refusal:
        messages.error(request, refusal.message)
        return gone_to(request, reverse("holds"))
    return gone_to(request, reverse("holds"), said="The hold is placed: nobody can delete or rename what it covers.")


@page(requires=Access.ADMIN, methods=POST)
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    hold = LegalHold.objects.filter(pk=min(pk, 2**63 - 1)).first()
    if hold is None:
        raise NotFound("There is no such legal hold.")
    try:
        services.lift_hold(hold=hold, reason=asked(request, "reason"), by=page_actor(request))
    except RegistryError as refusal:
        messages.error(request, refusal.message)
        return gone_to(request, reverse("holds"))
    return gone_to(request, reverse("holds"), said="The hold is lifted.")
