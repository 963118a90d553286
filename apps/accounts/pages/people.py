"""Everybody with an account."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.accounts import queries
from apps.accounts.granted_admin import reader
from apps.accounts.preferences import rows_per_page
from mlregistry.console.page import page, show
from mlregistry.levels import Access
from mlregistry.wire.keyset import Term, fetch_page

TERMS = (Term("username", str), Term("pk", int))


@page(requires=Access.SIGNED_IN)
def people(request: HttpRequest) -> HttpResponse:
    """Names are known to all; when somebody was last here, administrators see."""
    named = request.GET.get("q", "").strip().replace("\0", "")
    kind = request.GET.get("kind", "")
    found = fetch_page(
        queries.accounts(named=named, kind=kind).select_related("owner").prefetch_related("groups"),
        terms=TERMS,
        limit=rows_per_page(reader(request)),
        token=request.GET.get("page", ""),
        question=["accounts", named, kind],
    )
    context: dict[str, Any] = {"page": found, "named": named, "kind": kind, "kinds": queries.ACCOUNT_KINDS}
    return show(request, "accounts/people.html", title="People", **context)
