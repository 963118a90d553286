"""Who can see this and why: for those who manage the object, who may also give and take back."""

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts import queries
from apps.accounts.explaining import explained
from apps.accounts.granted_admin import reader
from apps.accounts.grants import Holder, level_named
from apps.accounts.models import User
from apps.accounts.pages.holdings import address_of, grants_on
from apps.accounts.preferences import rows_per_page
from mlregistry.console.page import gone_to, page, show
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

MEANS = {
    Level.NO_PERMISSIONS: "nothing: to them it is not there",
    Level.READ: "look at it and at everything in it",
    Level.USE: "look at it and use it",
    Level.EDIT: "log to it and change it",
    Level.MANAGE: "everything: rename it, delete it, say who may see it",
}
SUGGESTED = 200


@page(requires=Level.MANAGE)
def access(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    grants, asker = grants_on(kind), reader(request)
    target = grants.manageable(pk, asker)
    named = request.GET.get("q", "").strip().replace("\0", "")
    found = explained(grants, target, among=queries.accounts(named=named))
    least = request.GET.get("level", "")
    if least in Level.__members__:
        found = [explanation for explanation in found if explanation.level == Level[least]]
    granted = [(holder, level, not isinstance(holder, User)) for holder, level in grants.on(target)]
    context: dict[str, Any] = {
        "kind": kind,
        "target": target,
        "granted": granted,
        "people": Paginator(found, rows_per_page(asker)).get_page(request.GET.get("page")),
        "named": named,
        "level": least,
        "levels": [(level.name, MEANS[level]) for level in reversed(Level)],
        "default": Level(settings.MLREGISTRY_DEFAULT_PERMISSION).name,
        "names": _names(),
    }
    crumbs = [(address_of(grants, target), str(target))]
    return show(request, "accounts/access.html", title="Who can see this, and why", crumbs=crumbs, **context)


@page(requires=Level.MANAGE, methods=("POST",))
def give(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    grants = grants_on(kind)
    target = grants.manageable(pk, reader(request))
    holder, level = _holder(request), level_named(request.POST.get("level", ""))
    grants.set(target=target, holder=holder, level=level, by=page_actor(request))
    return gone_to(request, reverse("access", args=[kind, pk]), said=f"{holder} holds {level.name}.")


@page(requires=Level.MANAGE, methods=("POST",))
def take(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    grants = grants_on(kind)
    target = grants.manageable(pk, reader(request))
    holder = _holder(request)
    grants.remove(target=target, holder=holder, by=page_actor(request))
    return gone_to(request, reverse("access", args=[kind, pk]), said=f"What {holder} was granted is taken back.")


def _holder(request: HttpRequest) -> Holder:
    name = request.POST.get("holder", "").strip().replace("\0", "")
    return queries.get_team(name) if request.POST.get("is_team") else queries.get_user(name)


def _names() -> list[str]:
    """Whom the browser suggests while a name is typed: names are known to everyone who is signed in."""
    active = queries.users().filter(is_active=True).order_by("username")
    return list(active.values_list("username", flat=True)[:SUGGESTED])
