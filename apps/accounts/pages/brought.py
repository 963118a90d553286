"""What accounts bring to the pages that all apps share."""

from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts import queries
from apps.accounts.granted_admin import reader
from mlregistry.console.registry import Hit, Need, Section, add_needs, add_search, add_section
from mlregistry.templatetags.console import ago

HITS = 5
NAMED = 4
ENDS_SOON = timedelta(days=14)


def bring() -> None:
    add_section(Section("People", "people", order=50, below=("/admin/access/",)))
    add_search("People", find_people)
    add_search("Teams", find_teams)
    add_needs(tokens_that_end_soon)


def find_people(request: HttpRequest, words: str) -> Iterable[Hit]:
    for user in queries.accounts(named=words).order_by("username")[:HITS]:
        yield Hit(user.username, reverse("person", args=[user.pk]), user.get_kind_display())


def find_teams(request: HttpRequest, words: str) -> Iterable[Hit]:
    for team in queries.teams().filter(name__icontains=words).order_by("name")[:HITS]:
        yield Hit(team.name, reverse("team", args=[team.pk]), "team")


def tokens_that_end_soon(request: HttpRequest) -> Iterable[Need]:
    """One's own, and those of the programs one answers for, while there is time to make new ones."""
    now = timezone.now()
    ending = queries.tokens_of_ones_own(reader(request)).filter(
        revoked_at=None, expires_at__gt=now, expires_at__lt=now + ENDS_SOON
    )
    for token in ending.order_by("expires_at")[:NAMED]:
        about = f"of {token.user.username}, {token.get_scope_display()}"
        ends = ago(token.expires_at, now) if token.expires_at else ""
        yield Need(f"Token {token.name} ends {ends}", reverse("account"), about)
