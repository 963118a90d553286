"""Ids of metric keys, remembered per process: they never change once they are committed."""

from collections.abc import Mapping
from typing import Any

from django.db.models.signals import post_migrate
from django.dispatch import receiver

from apps.tracking.models import MetricKey

NO_SUCH_KEY = 0
"""No key has this id, so what is asked of a metric that was never logged is found nowhere."""
REMEMBERED = 100_000

known: dict[str, int] = {}


def key_id(name: str) -> int | None:
    """The id of a key that has been logged, None for one that never was."""
    if name not in known:
        found = MetricKey.objects.filter(name=name).values_list("pk", flat=True).first()
        if found is None:
            return None
        remember({name: found})
    return known[name]


def remember(committed: Mapping[str, int]) -> None:
    if len(known) + len(committed) > REMEMBERED:
        known.clear()
    known.update(committed)


@receiver(post_migrate)
def forget(**_: Any) -> None:
    """A migrated or emptied database may number its keys anew."""
    known.clear()
