"""How people want to be told, for each event; only what differs from what everybody gets is kept."""

from collections.abc import Collection
from typing import Any

from apps.accounts.models import Preference, User
from apps.governance.announcing import Event
from apps.notices.choices import SUBJECTS, Way

KEY = "notices"
"""Under what the choices are remembered: {"opened": ["app", "email"]}."""


def usual_ways(event: Event) -> frozenset[Way]:
    return frozenset({Way.APP, Way.EMAIL} if SUBJECTS[event].emails else {Way.APP})


def ways_of(people: Collection[User], event: Event) -> dict[int, frozenset[Way]]:
    """How each of them wants to be told of this, by their keys; one query."""
    kept = Preference.objects.filter(user__in=people, key=KEY).values_list("user_id", "value") if people else ()
    chosen = {user: _read(value, event) for user, value in kept}
    return {user.pk: chosen.get(user.pk, usual_ways(event)) for user in people}


def choices_of(user: User) -> dict[Event, frozenset[Way]]:
    """How somebody wants to be told of everything there is."""
    kept = user.remembered(KEY, {})
    return {event: _read(kept, event) for event in SUBJECTS}


def _read(kept: Any, event: Event) -> frozenset[Way]:
    """What the pages remember is not to be relied on."""
    chosen = kept.get(event.value) if isinstance(kept, dict) else None
    return frozenset(Way(way) for way in chosen if way in Way.values) if isinstance(chosen, list) else usual_ways(event)
