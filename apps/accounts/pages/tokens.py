"""Tokens: made and shown once, revoked at any time."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts import queries
from apps.accounts.granted_admin import reader
from apps.accounts.models import User
from apps.accounts.pages.account import EXPIRIES
from apps.accounts.services import tokens
from mlregistry.console.page import gone_to, page, show
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Access
from mlregistry.service_admin import page_actor


@page(requires=Access.SIGNED_IN, methods=("POST",))
def make(request: HttpRequest) -> HttpResponse:
    """The one page that shows the token: in no message, cookie or address, and not to be stored."""
    user = _user(request)
    token, text = tokens.create(
        user=user,
        name=request.POST.get("name", "").replace("\0", ""),
        scope=request.POST.get("scope", ""),
        expires_at=_expiry(request.POST.get("expires", "")),
        by=page_actor(request),
    )
    address = request.build_absolute_uri("/").rstrip("/")
    lines = f"export MLFLOW_TRACKING_URI={address}\nexport MLFLOW_TRACKING_TOKEN={text}"
    crumbs = [(reverse("account"), "My account")]
    context: dict[str, Any] = {"token": token, "text": text, "lines": lines, "back": _page_of(user, reader(request))}
    shown = show(request, "accounts/token_made.html", title="Your new token", crumbs=crumbs, **context)
    shown["Cache-Control"] = "no-store"
    return shown


@page(requires=Access.SIGNED_IN, methods=("POST",))
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    asker = reader(request)
    token = queries.tokens_visible_to(asker).filter(pk=pk).first()
    if token is None:
        raise NotFound("There is no such token.")
    tokens.revoke(token=token, by=page_actor(request))
    return gone_to(request, _page_of(token.user, asker), said=f"{token.name} is revoked: refused from now on.")


def _user(request: HttpRequest) -> User:
    """For whom: oneself, unless a service account, or for administrators anybody, is named."""
    asker, named = reader(request), request.POST.get("user", "")
    if not named:
        return asker
    found = queries.users_answered_for_by(asker).filter(username=named.replace("\0", "")).first()
    if found is None:
        raise NotFound("There is nobody of that name whom you answer for.")
    return found


def _expiry(days: str) -> datetime | None:
    """At the end of that day."""
    if days not in {str(offered) for offered, _ in EXPIRIES}:
        raise InvalidParameter("A token ends in 30 days, in 90, in a year, or never.")
    if days == "0":
        return None
    return (timezone.now() + timedelta(days=int(days))).replace(hour=23, minute=59, second=59, microsecond=0)


def _page_of(user: User, asker: User) -> str:
    mine = asker.pk in (user.pk, user.owner_id)
    return reverse("account") if mine else reverse("person", args=[user.pk])
