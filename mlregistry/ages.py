"""Ages as people write them: `30d`, `12h`, `1d2h3m4s`, `1.5d`."""

import re
from datetime import timedelta

from mlregistry.errors import InvalidParameter

_NUMBER = r"\d+(?:\.\d+)?|\.\d+"
_AGE = re.compile(
    rf"(?:(?P<days>{_NUMBER})d)?(?:(?P<hours>{_NUMBER})h)?(?:(?P<minutes>{_NUMBER})m)?(?:(?P<seconds>{_NUMBER})s)?",
    re.ASCII,
)


def parse_age(written: str) -> timedelta:
    """Days, hours, minutes and seconds, each at most once and in that order, as `mlflow gc --older-than` takes them."""
    parts = _AGE.fullmatch(written)
    if parts is None or not written:
        raise InvalidParameter(f"{written!r} is no age: write days, hours, minutes, seconds, such as 30d, 12h, 1d2h3m.")
    try:
        return timedelta(**{unit: float(number) for unit, number in parts.groupdict().items() if number})
    except OverflowError:
        raise InvalidParameter(f"{written!r} is longer ago than anything can be.") from None
