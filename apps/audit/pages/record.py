"""The record: who did what, sentence by sentence, and the row behind each."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.audit import queries, sentences
from apps.audit.models import Entry
from mlregistry.console.page import page, show
from mlregistry.console.registry import panels
from mlregistry.errors import NotFound
from mlregistry.levels import Access
from mlregistry.wire.keyset import Term, fetch_page

TERMS = (Term("sequence", int, ascending=False),)
PER_PAGE = 50


@page(requires=Access.SIGNED_IN)
def record(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    require_auditor(request)
    asked = queries.Asked.read(request.GET)
    found = fetch_page(
        queries.entries(asked),
        terms=TERMS,
        limit=PER_PAGE,
        token=request.GET.get("page", ""),
        question=["audit", asked.filled()],
    )
    actions = sentences.known_actions()
    context: dict[str, Any] = {
        "rows": [(entry, sentences.spoken(entry)) for entry in found.rows],
        "next": found.next_page_token,
        "asked": asked,
        "is_narrowed": bool(asked.filled()),
        "groups": sorted({f"{action.rsplit('.', 1)[0]}." for action in actions}),
        "actions": actions,
        "kinds": sentences.known_targets(),
        "panels": panels("audit", request),
    }
    return show(request, "audit/record.html", title="Audit", **context)


@page(requires=Access.SIGNED_IN)
def entry(request: HttpRequest, sequence: int) -> HttpResponse:
    """Everything of one entry, and whether its own hash is the hash of what it says."""
    require_auditor(request)
    found = queries.get_entry(sequence)
    before = Entry.objects.filter(pk=sequence - 1).first()
    context: dict[str, Any] = {
        "entry": found,
        "parts": sentences.spoken(found),
        "content": json.dumps(found.content(), indent=2, ensure_ascii=False),
        "is_sealed": found.hash == found.seal(),
        "follows": found.previous == before.hash if before else None,
        "after": Entry.objects.filter(pk=sequence + 1).exists(),
    }
    crumbs = [(reverse("audit"), "Audit")]
    return show(request, "audit/entry.html", title=f"Entry {sequence}", crumbs=crumbs, **context)


def require_auditor(request: HttpRequest) -> None:
    """Administrators and those with Django's permission to view entries, as on the record's table."""
    if not request.user.has_perm("audit.view_entry"):
        raise NotFound("There is no such page.")
