"""What governance brings to the pages that all apps share."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.granted_admin import reader
from apps.governance.choices import LIVE
from apps.governance.models import ChangeRequest, Policy
from apps.governance.pages.comparing import add_comparison
from apps.governance.pages.policy_comparison import compare_policies
from apps.governance.pages.showing import review_address, waiting_on
from apps.governance.queries.inbox import SOON, asked_by
from apps.governance.queries.requests import visible_requests
from mlregistry.console.registry import Hit, Need, Panel, Section, add_needs, add_panel, add_search, add_section
from mlregistry.templatetags.console import ago

HITS = 5
DIGITS = 18
"""Of a key that every database can look for."""
NAMED = 4
AT_HOME = 6


def bring() -> None:
    below = ("/admin/policies/", "/admin/holds/", "/admin/reports/")
    add_section(Section("Reviews", "reviews", order=30, below=below, count=lambda request: len(waiting_on(request))))
    add_search("Change requests", find_requests, order=10)
    add_needs(reviews_that_wait)
    add_panel("home", requests_of_ones_own)
    add_comparison(Policy._meta.label_lower, compare_policies)


def find_requests(request: HttpRequest, words: str) -> Iterable[Hit]:
    """By number, or by what they are about."""
    visible = visible_requests(reader(request))
    number = words.removeprefix("#")
    if number.isdecimal() and len(number) <= DIGITS:
        found = visible.filter(pk=int(number))
    else:
        found = visible.filter(summary__icontains=words)
    for each in found.order_by("-pk")[:HITS]:
        yield Hit(f"#{each.pk} {each.summary}", review_address(each), each.state)


def reviews_that_wait(request: HttpRequest) -> Iterable[Need]:
    """The first few one by one, the rest as a number."""
    waiting, now = waiting_on(request), timezone.now()
    for each in waiting[:NAMED]:
        about = f"asked by {each.requester}, due {ago(each.expires_at, now)}"
        tone = "bad" if each.expires_at - now < SOON else "warn"
        yield Need(f"Review: {each.summary}", review_address(each), about, tone)
    if more := waiting[NAMED:]:
        yield Need(f"{len(more)} more to review", reverse("reviews"))


def requests_of_ones_own(request: HttpRequest) -> Panel | None:
    """On home: what one has asked for and is not decided yet."""
    mine: list[ChangeRequest] = list(asked_by(reader(request)).filter(state__in=LIVE).order_by("-pk")[:AT_HOME])
    if not mine:
        return None
    return Panel("What you asked for", "governance/home_panel.html", {"requests": mine}, order=25)
