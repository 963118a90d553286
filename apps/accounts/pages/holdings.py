"""What a holder was granted, on every kind of object, as pages list it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Model
from django.urls import reverse

from apps.accounts.grants import Holder, ObjectGrants, every_kind
from apps.accounts.models import User
from mlregistry.errors import NotFound
from mlregistry.levels import Level


@dataclass(frozen=True, slots=True)
class Held:
    kind: str
    name: str
    team: str
    """The team that holds it; empty where it was granted directly."""
    level: Level
    address: str
    access: str
    """Who else holds something there; empty for those who do not manage it, and so may not ask."""


def held_by(holders: Sequence[Holder], asker: User, *, knows: bool) -> list[Held]:
    """Grants are seen by whoever manages the object; one's own (`knows`) wherever the object can be seen at all."""
    at_least = Level.READ if knows else Level.MANAGE

    def manages(holder: Holder, level: Level) -> bool:
        """One's own grant is the level that counts; what a team holds may be overruled by one."""
        own = isinstance(holder, User) and level >= Level.MANAGE
        return not knows or own or asker.is_superuser

    return [
        Held(
            kind=grants.word,
            name=str(target),
            team="" if isinstance(holder, User) else holder.name,
            level=level,
            address=address_of(grants, target),
            access=reverse("access", args=[grants.word, target.pk]) if manages(holder, level) else "",
        )
        for grants in every_kind()
        for target, holder, level in grants.holdings(holders, asker, at_least=at_least)
    ]


def address_of(grants: ObjectGrants, target: Model) -> str:
    """The object's own page, which the app that it belongs to has put there."""
    return f"/admin/{grants.word}s/{target.pk}/"


def grants_on(kind: str) -> ObjectGrants:
    found = next((grants for grants in every_kind() if grants.word == kind), None)
    if found is None:
        raise NotFound("There is no such page.")
    return found
