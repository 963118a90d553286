"""Who is told: people who take part in a request and may read what it is about; never whoever did it themselves."""

from collections.abc import Iterable
from typing import Any

from apps.accounts.choices import UserKind
from apps.accounts.models import User
from apps.governance.actions import levels_on
from apps.governance.announcing import Event
from apps.governance.models import ChangeRequest
from apps.governance.queries.eligibility import Jury
from mlregistry.actor import ActorKind
from mlregistry.levels import Level


def recipients(event: Event, request: ChangeRequest, details: dict[str, Any]) -> list[User]:
    """Each once, with their groups read."""
    if event is Event.NEEDS_YOU:
        return readers(request, (user.username for user in Jury(request).needed()))
    names = {_asker(request)}
    if event is Event.MENTIONED:
        names = set(details["mentions"])
    elif event is Event.OPENED:
        names |= _had_a_hand(request)
    elif event is Event.EXPIRING:
        names |= {user.username for user in Jury(request).needed()}
    elif event is Event.BREAK_GLASS:
        names |= _had_a_hand(request) | {user.username for user in Jury(request).needed()} | _administrators()
    elif event is Event.REVALIDATION_DUE:
        names |= _had_a_hand(request) | _voters(request)
    else:
        names |= _voters(request) | _commenters(request)
    if event is Event.COMMENTED:
        names -= set(details["mentions"])  # they are told that they are mentioned
    found = readers(request, names - {_whose_doing(event, request, details)})
    if not found and event is Event.REVALIDATION_DUE:  # whoever asked has left
        found = readers(request, _administrators())
    return found


def readers(request: ChangeRequest, names: Iterable[str]) -> list[User]:
    """Those of these whose account is on, and who may read what the request is about."""
    people = User.objects.filter(username__in=list(names), is_active=True, kind=UserKind.PERSON)
    found = list(people.prefetch_related("groups").order_by("pk"))
    levels = levels_on(found, request.object_type, request.object_id) if found else {}
    return [user for user in found if levels.get(user.pk, Level.NO_PERMISSIONS) >= Level.READ]


def _asker(request: ChangeRequest) -> str:
    """Whoever asked, or answers for the program that did."""
    return request.requester_owner if request.requester_kind == ActorKind.SERVICE_ACCOUNT else request.requester


def _whose_doing(event: Event, request: ChangeRequest, details: dict[str, Any]) -> str:
    if event in (Event.OPENED, Event.BREAK_GLASS):
        return request.requester
    return str(details.get("by", ""))


def _had_a_hand(request: ChangeRequest) -> set[str]:
    return set(request.exclusions.filter(had_a_hand=True).values_list("username", flat=True))


def _voters(request: ChangeRequest) -> set[str]:
    return set(request.votes.values_list("voter", flat=True))


def _commenters(request: ChangeRequest) -> set[str]:
    return set(request.comments.values_list("author", flat=True))


def _administrators() -> set[str]:
    return set(User.objects.filter(is_superuser=True, is_active=True).values_list("username", flat=True))
