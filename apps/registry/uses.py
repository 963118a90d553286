"""What apps above the registry use versions for; each says so while Django starts:

    add_use(Use("deployed to", is_used, places_of))

A version that is in use stands somewhere, as in a stage or under an alias: deleting or renaming its model concerns that
place. Deleting waits until the use has ended.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.registry.models import ModelVersion
from mlregistry.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Use:
    words: str
    """What goes before the place in a sentence: "version 3 is deployed to fraud-live"."""
    used: Callable[[], Q]
    """Which versions are in use."""
    places: Callable[[QuerySet[ModelVersion]], list[tuple[str, str]]]
    """Where these are, as policies say it: ("deploy", "fraud-live")."""


_uses: list[Use] = []


def add_use(use: Use) -> None:
    _uses.append(use)


def is_used() -> Q:
    condition = Q(pk__in=())
    for use in _uses:
        condition |= use.used()
    return condition


def places_of_use(versions: QuerySet[ModelVersion]) -> list[tuple[str, str]]:
    return [place for use in _uses for place in use.places(versions)]


def require_unused(versions: QuerySet[ModelVersion], what: str) -> None:
    """Refuse to delete what is in use; `what` begins the sentence."""
    for use in _uses:
        if names := sorted({name for _, name in use.places(versions)}):
            raise BadRequest(f"{what} is {use.words} {', '.join(names)}. End that first.")
