"""What pages remember for each person: columns, saved choices. Nothing of it gives or takes away access."""

from typing import Any

from apps.accounts.models import Preference, User
from mlregistry.console.registry import HIDDEN_PANELS

ROWS_PER_PAGE = "rows_per_page"
ROWS = (25, 50, 100, 200)
USUAL_ROWS = 50


def preference(user: User, key: str, otherwise: Any = None) -> Any:
    """What was remembered for `user` under `key`."""
    return user.remembered(key, otherwise)


def remember(*, user: User, key: str, value: Any) -> None:
    """Keep `value`, which JSON can write, in the place of what was there; None forgets it."""
    if value is None:
        Preference.objects.filter(user=user, key=key).delete()
    else:
        Preference.objects.update_or_create(user=user, key=key, defaults={"value": value})


def rows_per_page(user: User) -> int:
    """How long the person wants lists to be."""
    wanted = user.remembered(ROWS_PER_PAGE)
    return wanted if wanted in ROWS else USUAL_ROWS


def hidden_panels(user: User) -> list[str]:
    """The panels of home that the person does not want to see, by name."""
    hidden = user.remembered(HIDDEN_PANELS, [])
    return [str(name) for name in hidden] if isinstance(hidden, list) else []
