"""What every page writes alike: times, sizes, durations, numbers, states."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mlregistry.markdown import rendered

register = template.Library()

MILLISECONDS = 1000
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))
_TONES = {
    "good": {
        "finished",
        "ready",
        "clean",
        "production",
        "succeeded",
        "sealed",
        "delivered",
        "applied",
        "passed",
        "live",
    },
    "live": {
        "running",
        "queued",
        "scheduled",
        "pending",
        "pending_registration",
        "open",
        "approved",
        "building",
        "waiting",
        "starting",
    },
    "warn": {"staging", "suspicious", "killed", "cancelled", "stale", "expired"},
    "bad": {"failed", "failed_registration", "drifted", "unreadable", "deleted", "rejected", "crashed"},
}


@register.simple_tag
def when(moment: datetime | int | None, otherwise: str = "never") -> SafeString | str:
    """A time as people say it ("3 h ago"), the exact one on hover; milliseconds of the wire or a datetime."""
    at = as_datetime(moment)
    if at is None:
        return otherwise
    exact = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html(
        '<time class="when" datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"), exact, ago(at)
    )


def ago(at: datetime, now: datetime | None = None) -> str:
    """How long ago `at` was, in its one largest unit; for a time to come, in how long."""
    seconds = int(((now or timezone.now()) - at).total_seconds())
    length = abs(seconds)
    days = length // 86_400
    if length < 45:  # noqa: PLR2004  what nobody counts
        return "just now"
    if days >= 365:  # noqa: PLR2004
        words = f"{days // 365} y"
    elif days >= 60:  # noqa: PLR2004
        words = f"{days // 30} months"
    else:
        unit, size = next(((unit, size) for unit, size in _UNITS if length >= size), ("s", 1))
        words = f"{length // size} {'min' if unit == 'm' else unit}"
    return f"{words} ago" if seconds >= 0 else f"in {words}"


@register.filter
def duration(milliseconds: int | None) -> str:
    """How long something took: "1 h 5 min", "12.3 s", "45 ms"."""
    if milliseconds is None or milliseconds < 0:
        return ""
    if milliseconds < MILLISECONDS:
        return f"{milliseconds} ms"
    seconds = milliseconds / MILLISECONDS
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next(place for place, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


@register.filter
def number(value: Any) -> str:
    """A metric's value: at most six digits that count, "NaN" and infinities by name."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "" if value is None else str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):  # noqa: PLR2004  exact up to here
        return str(int(value))
    return f"{value:.6g}"


@register.filter
def size(count: int | None) -> str:
    """Bytes as people read them."""
    return "" if count is None else str(filesizeformat(count)).replace("\xa0", " ")


@register.filter
def markdown(text: str | None) -> SafeString | str:
    """What people wrote, as they meant it to look."""
    return rendered(text) if text else ""


@register.filter
def markdown_naming(text: str | None, names: Collection[str]) -> SafeString | str:
    """The same of what names people with @: those are set off."""
    return rendered(text, names) if text else ""


@register.filter
def tone(state: str) -> str:
    """How a state is coloured: good, live, warn, bad, or plain."""
    return next((name for name, states in _TONES.items() if str(state).lower() in states), "plain")


@register.simple_tag
def badge(state: Any, words: str = "") -> SafeString:
    """A state in a coloured pill; its words are there too, for who does not see the colour. Pages do not SHOUT."""
    text = str(words or state)
    return format_html('<span class="badge {}">{}</span>', tone(state), text.lower() if text.isupper() else text)


def as_datetime(moment: datetime | int | None) -> datetime | None:
    """A time of the wire (milliseconds) or a datetime as a datetime; None for what no calendar has."""
    if isinstance(moment, datetime):
        return moment
    try:
        return datetime.fromtimestamp(moment / MILLISECONDS, tz=UTC) if moment else None
    except (OverflowError, OSError, ValueError):
        return None
