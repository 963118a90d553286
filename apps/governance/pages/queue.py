"""The queue of change requests, and deciding several at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.accounts.models import Team
from apps.accounts.preferences import rows_per_page
from apps.governance.choices import Decision, State
from apps.governance.models import ChangeRequest
from apps.governance.pages.showing import Tab, action_words, asked, crumbs, field_of, sections, waiting_on
from apps.governance.queries.inbox import BY_DATE, LIVE_STATES, LONGEST, TABS, Narrowing, lines_of
from apps.governance.queries.requests import get_request, visible_requests
from apps.governance.services import voting
from mlregistry.console.page import gone_to, is_part, page, show
from mlregistry.errors import BadRequest, RegistryError
from mlregistry.levels import Access
from mlregistry.service_admin import page_actor
from mlregistry.wire.keyset import Term, fetch_page

NEWEST = (Term("pk", int, ascending=False),)
ENDING = (Term("expires_at", datetime), Term("pk", int))
MOST_AT_ONCE = 200
DIGITS = 18


@page(requires=Access.SIGNED_IN)
def reviews(request: HttpRequest) -> HttpResponse:
    user, tab, narrowing = reader(request), tab_of(request), narrowing_of(request)
    found = fetch_page(
        narrowing.apply(of_tab(request, tab)),
        terms=ENDING if tab in BY_DATE else NEWEST,
        limit=rows_per_page(user),
        token=request.GET.get("page", ""),
        question=[
            "reviews",
            tab,
            narrowing.state,
            narrowing.action,
            narrowing.object,
            narrowing.requester,
            narrowing.team,
        ],
    )
    context: dict[str, Any] = {
        "lines": lines_of(found.rows, waiting_on(request)),
        "tab": tab,
        "narrowing": narrowing,
        "next": found.next_page_token,
    }
    if is_part(request):
        return show(request, "governance/queue_rows.html", **context)
    return show(
        request,
        "governance/queue.html",
        title="Reviews",
        sections_of_it=sections("reviews", is_administrator=user.is_superuser),
        tabs=_tabs(request, tab),
        states=State.choices,
        undecided=LIVE_STATES,
        actions=action_words(),
        teams=list(Team.objects.order_by("name").values_list("name", flat=True)[:LONGEST]),
        is_any_there=bool(found.rows) or visible_requests(user).exists(),
        **context,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request when several were decided."""

    pk: int
    summary: str
    state: str = ""
    why_not: str = ""


@page(requires=Access.SIGNED_IN, methods=("POST",))
def decide(request: HttpRequest) -> HttpResponse:
    """Each is judged by itself: what one is refused for keeps no other back."""
    back = f"{reverse('reviews')}?tab={tab_of(request)}"
    keys = [int(key) for key in request.POST.getlist("request") if key.isdecimal() and len(key) <= DIGITS]
    decision = request.POST.get("decision", "")
    if not keys or decision not in Decision.values:
        messages.error(request, "Choose the requests that this is for, and whether they are approved or rejected.")
        return gone_to(request, back)
    outcomes = [_decide_one(request, key, Decision(decision)) for key in keys[:MOST_AT_ONCE]]
    return show(
        request,
        "governance/decided.html",
        title="Decided",
        crumbs=crumbs(),
        decision=decision,
        done=[outcome for outcome in outcomes if not outcome.why_not],
        refused=[outcome for outcome in outcomes if outcome.why_not],
        left=len(keys[MOST_AT_ONCE:]),
        back=back,
    )


def _decide_one(request: HttpRequest, key: int, decision: Decision) -> Outcome:
    user, summary = reader(request), ""
    try:
        found = get_request(user, key)
        summary = found.summary
        seen = request.POST.get(f"seen-{key}", "")
        decided = vote_of(request, found, decision, comment=asked(request, "comment"), seen=seen)
    except RegistryError as refusal:
        return Outcome(key, summary, why_not=refusal.message)
    return Outcome(key, summary, state=decided.state)


def vote_of(
    request: HttpRequest, found: ChangeRequest, decision: Decision, *, comment: str, seen: str
) -> ChangeRequest:
    """Vote on the evidence that the page showed."""
    if not seen:
        raise BadRequest(
            f"Change request {found.pk} was not ready to be voted on when you opened the page. Read it again."
        )
    return voting.vote(
        request=found,
        voter=reader(request),
        decision=decision,
        by=page_actor(request),
        comment=comment,
        seen=seen,
    )


def tab_of(request: HttpRequest) -> str:
    asked_for = request.POST.get("tab", "") or request.GET.get("tab", "")
    return asked_for if asked_for in TABS else next(iter(TABS))


def narrowing_of(request: HttpRequest) -> Narrowing:
    return Narrowing(
        **{name: field_of(request, name, LONGEST) for name in ("state", "action", "object", "requester", "team")}
    )


def of_tab(request: HttpRequest, tab: str) -> QuerySet[ChangeRequest]:
    if tab == "waiting":  # read already, for the navigation
        return visible_requests(reader(request)).filter(pk__in=[found.pk for found in waiting_on(request)])
    return TABS[tab][1](reader(request))


def _tabs(request: HttpRequest, current: str) -> list[Tab]:
    return [Tab(title, f"?tab={name}", name == current, _count(request, name)) for name, (title, _) in TABS.items()]


def _count(request: HttpRequest, tab: str) -> int:
    """What is decided already is not counted among what somebody asked for; of all there are, nobody counts."""
    if tab == "all":
        return 0
    if tab == "waiting":
        return len(waiting_on(request))
    found = of_tab(request, tab)
    return (Narrowing(state=LIVE_STATES).apply(found) if tab == "mine" else found).count()
