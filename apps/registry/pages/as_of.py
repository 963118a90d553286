"""What held a stage or an alias of a model at some moment, for who may read the model, and for auditors."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.granted_admin import reader
from apps.registry.choices import PRODUCTION, stages
from apps.registry.pages.showing import crumb
from apps.registry.queries.as_of import Past, Place, past_of, place_of
from apps.registry.queries.as_of import as_of as as_of_then
from mlregistry.console.page import page, show
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Access

WRITTEN = "%Y-%m-%dT%H:%M"
MOST_ALIASES = 200


@page(requires=Access.SIGNED_IN)
def as_of(request: HttpRequest) -> HttpResponse:
    """At the minute that was asked for, by UTC, up to its end; now, where none was. Without a model, the question."""
    name, written = request.GET.get("model", ""), request.GET.get("time", "")
    place = _place(request.GET.get("place", ""))
    moment = _moment(written) if written else timezone.now()
    past = _past(request, name, moment) if name else None
    return show(
        request,
        "registry/as_of.html",
        status=404 if name and past is None else 200,
        title="As of",
        crumbs=_crumbs(past),
        asked=name,
        past=past,
        place=place.name,
        places=_places(past),
        time=moment.astimezone(UTC).strftime(WRITTEN),
        moment=moment,
        holders=as_of_then(past, place, moment) if past else [],
    )


def _past(request: HttpRequest, name: str, moment: datetime) -> Past | None:
    """None where there is no such model: the form is there to write it otherwise."""
    try:
        return past_of(reader(request), name, moment)
    except NotFound:
        return None


def _crumbs(past: Past | None) -> list[tuple[str, str]]:
    if past and past.model:
        return [crumb(past.model), (reverse("model", args=[past.model.pk]), past.name)]
    return [(reverse("models"), "Models")]


def _places(past: Past | None) -> list[str]:
    """What can be chosen; other aliases can be written."""
    aliases = past.model.aliases.order_by("name").values_list("name", flat=True) if past and past.model else ()
    return [*stages(), *(f"@{name}" for name in aliases[:MOST_ALIASES])]


def _place(written: str) -> Place:
    return place_of(alias=written[1:]) if written.startswith("@") else place_of(stage=written or PRODUCTION)


def _moment(written: str) -> datetime:
    try:
        return datetime.strptime(written, WRITTEN).replace(second=59, microsecond=999999, tzinfo=UTC)
    except ValueError:
        raise InvalidParameter(f"{written[:40]!r} is no moment: write 2026-05-03T14:00 (UTC).") from None
