"""Teams, and who is in them."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts import queries
from apps.accounts.granted_admin import reader
from apps.accounts.pages.holdings import held_by
from apps.accounts.preferences import rows_per_page
from apps.accounts.services import teams as services
from mlregistry.console.page import gone_to, page, show
from mlregistry.levels import Access
from mlregistry.service_admin import page_actor
from mlregistry.wire.keyset import Term, fetch_page

TERMS = (Term("name", str), Term("pk", int))
SUGGESTED = 200
MOST_MEMBERS = 500
"""Members that a page names; teams are seldom larger."""


@page(requires=Access.SIGNED_IN)
def teams(request: HttpRequest) -> HttpResponse:
    named = request.GET.get("q", "").strip().replace("\0", "")
    found = fetch_page(
        queries.teams().filter(name__icontains=named).annotate(members=Count("user")),
        terms=TERMS,
        limit=rows_per_page(reader(request)),
        token=request.GET.get("page", ""),
        question=["teams", named],
    )
    crumbs = [(reverse("people"), "People")]
    return show(request, "accounts/teams.html", title="Teams", crumbs=crumbs, page=found, named=named)


@page(requires=Access.SIGNED_IN)
def team(request: HttpRequest, pk: int) -> HttpResponse:
    asker, found = reader(request), queries.get_team_by_pk(pk)
    members = list(queries.members(found).select_related("owner").order_by("username")[: MOST_MEMBERS + 1])
    is_member = queries.members(found).filter(pk=asker.pk).exists()
    context: dict[str, Any] = {
        "team": found,
        "members": members[:MOST_MEMBERS],
        "more": len(members) > MOST_MEMBERS,
        "holdings": held_by([found], asker, knows=is_member or asker.is_superuser),
        "others": _others(found.pk) if asker.is_superuser else [],
    }
    crumbs = [(reverse("people"), "People"), (reverse("teams"), "Teams")]
    return show(request, "accounts/team.html", title=found.name, crumbs=crumbs, **context)


@page(requires=Access.ADMIN, methods=("POST",))
def add_member(request: HttpRequest, pk: int) -> HttpResponse:
    found, user = queries.get_team_by_pk(pk), queries.get_user(request.POST.get("username", "").strip())
    services.add_member(team=found, user=user, by=page_actor(request))
    return gone_to(request, reverse("team", args=[pk]), said=f"{user.username} is in {found.name}.")


@page(requires=Access.ADMIN, methods=("POST",))
def remove_member(request: HttpRequest, pk: int) -> HttpResponse:
    found, user = queries.get_team_by_pk(pk), queries.get_user(request.POST.get("username", ""))
    services.remove_member(team=found, user=user, by=page_actor(request))
    return gone_to(request, reverse("team", args=[pk]), said=f"{user.username} is no longer in {found.name}.")


def _others(pk: int) -> list[str]:
    """Whom the browser suggests while a name is typed."""
    others = queries.users().filter(is_active=True).exclude(groups=pk).order_by("username")
    return list(others.values_list("username", flat=True)[:SUGGESTED])
