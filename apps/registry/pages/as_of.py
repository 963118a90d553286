"""What held a stage or an alias of a model at some moment."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.granted_admin import reader
from apps.registry.choices import PRODUCTION, stages
from apps.registry.pages.showing import crumb
from apps.registry.queries.as_of import as_of as holders_as_of
from apps.registry.queries.as_of import place_of
from apps.registry.queries.registered_models import get_model_by_id
from mlregistry.console.page import page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level

WRITTEN = "%Y-%m-%dT%H:%M"
MOST_ALIASES = 200


@page(requires=Level.READ)
def as_of(request: HttpRequest, pk: int) -> HttpResponse:
    """At the minute that was asked for, by UTC, up to its end; now, where none was."""
    model = get_model_by_id(reader(request), pk, at_least=Level.READ)
    written, wanted = request.GET.get("time", ""), request.GET.get("place", "")
    place = place_of(alias=wanted[1:]) if wanted.startswith("@") else place_of(stage=wanted or PRODUCTION)
    moment = _moment(written) if written else timezone.now()
    aliases = model.aliases.order_by("name").values_list("name", flat=True)[:MOST_ALIASES]
    places = [*stages(), *(f"@{name}" for name in aliases)]
    return show(
        request,
        "registry/as_of.html",
        title="As of",
        subtitle=model.name,
        crumbs=[crumb(model), (reverse("model", args=[pk]), model.name)],
        model=model,
        place=place.name,
        places=places if place.name in places else [*places, place.name],
        time=moment.astimezone(UTC).strftime(WRITTEN),
        moment=moment,
        holders=holders_as_of(model, place, moment),
    )


def _moment(written: str) -> datetime:
    try:
        return datetime.strptime(written, WRITTEN).replace(second=59, microsecond=999999, tzinfo=UTC)
    except ValueError:
        raise InvalidParameter(f"{written[:40]!r} is no moment: write 2026-05-03T14:00 (UTC).") from None
