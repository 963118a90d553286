"""My account: who I am here, my tokens, what the pages remember for me."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts import preferences as kept
from apps.accounts import queries
from apps.accounts.choices import TokenScope
from apps.accounts.granted_admin import reader
from apps.accounts.pages.holdings import held_by
from mlregistry.console import registry
from mlregistry.console.page import gone_to, page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Access

EXPIRIES = ((30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "never"))
USUAL_EXPIRY = 90


@page(requires=Access.SIGNED_IN)
def account(request: HttpRequest) -> HttpResponse:
    asker = reader(request)
    mine = queries.tokens_of_ones_own(asker)
    teams = list(asker.groups.order_by("name"))
    hidden = kept.hidden_panels(asker)
    context: dict[str, Any] = {
        "person": asker,
        "teams": teams,
        "owned": asker.service_accounts.order_by("username"),
        "tokens": mine,
        "scopes": TokenScope.choices,
        "usual_scope": TokenScope.WRITE,
        "expiries": EXPIRIES,
        "usual_expiry": USUAL_EXPIRY,
        "holdings": held_by([asker, *teams], asker, knows=True),
        "rows": kept.ROWS,
        "wanted_rows": kept.rows_per_page(asker),
        "home": [(name, panel_words(name), name not in hidden) for name in registry.panel_names("home")],
    }
    return show(request, "accounts/account.html", title="My account", **context)


@page(requires=Access.SIGNED_IN, methods=("POST",))
def preferences(request: HttpRequest) -> HttpResponse:
    """Each kept where it is not what everybody gets."""
    asker, rows = reader(request), request.POST.get("rows", "")
    if rows not in map(str, kept.ROWS):
        raise InvalidParameter(f"Rows per page are one of {', '.join(map(str, kept.ROWS))}.")
    shown = request.POST.getlist("home")
    hidden = [name for name in registry.panel_names("home") if name not in shown]
    kept.remember(user=asker, key=kept.ROWS_PER_PAGE, value=None if int(rows) == kept.USUAL_ROWS else int(rows))
    kept.remember(user=asker, key=registry.HIDDEN_PANELS, value=hidden or None)
    return gone_to(request, reverse("account"), said="Remembered.")


def panel_words(name: str) -> str:
    """recent_runs: "Recent runs"."""
    return name.replace("_", " ").strip().capitalize()
