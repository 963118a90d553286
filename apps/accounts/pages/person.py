"""One person or service account: teams, tokens, what she holds, what she did."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts import queries
from apps.accounts.granted_admin import reader
from apps.accounts.models import User
from apps.accounts.pages.holdings import held_by
from apps.accounts.services import people
from apps.audit.models import Entry
from apps.audit.sentences import spoken
from mlregistry.console.page import gone_to, page, show
from mlregistry.levels import Access
from mlregistry.service_admin import page_actor

ACTS = 8


@page(requires=Access.SIGNED_IN)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Her name, teams and service accounts are everybody's to see; tokens and what she did, whose they are."""
    asker, found = reader(request), queries.get_by_pk(pk)
    answers = asker.is_superuser or asker.pk in (found.pk, found.owner_id)
    teams = list(found.groups.order_by("name"))
    context: dict[str, Any] = {
        "person": found,
        "teams": teams,
        "owned": found.service_accounts.order_by("username"),
        "tokens": queries.tokens_visible_to(asker).filter(user=found) if answers else [],
        "answers": answers,
        "holdings": held_by([found, *teams], asker, knows=answers),
        "acts": _acts(found) if asker.has_perm("audit.view_entry") else [],
    }
    crumbs = [(reverse("people"), "People")]
    return show(request, "accounts/person.html", title=found.username, crumbs=crumbs, **context)


@page(requires=Access.ADMIN, methods=("POST",))
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch an account off, or on again."""
    found = queries.get_by_pk(pk)
    is_active = request.POST.get("active") == "on"
    people.set_active(user=found, is_active=is_active, by=page_actor(request))
    said = "switched on again" if is_active else "switched off: refused from the next request on"
    return gone_to(request, reverse("person", args=[pk]), said=f"{found.username} is {said}.")


def _acts(found: User) -> list[dict[str, Any]]:
    entries = Entry.objects.filter(username=found.username).order_by("-sequence")[:ACTS]
    return [{"entry": entry, "parts": spoken(entry)} for entry in entries]
