"""Choosing how one is told."""

from collections.abc import Collection, Mapping

from apps.accounts.models import User
from apps.accounts.preferences import remember
from apps.governance.announcing import Event
from apps.notices.choices import SUBJECTS, Way
from apps.notices.queries.preferences import KEY, choices_of, usual_ways


def choose(*, user: User, chosen: Mapping[Event, Collection[Way]]) -> None:
    """Be told of these events by these ways from now on; of the others as before."""
    ways = choices_of(user) | {event: frozenset(by) for event, by in chosen.items()}
    kept = {
        event.value: sorted(way.value for way in ways[event]) for event in SUBJECTS if ways[event] != usual_ways(event)
    }
    remember(user=user, key=KEY, value=kept or None)
