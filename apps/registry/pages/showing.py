"""What the pages of models and of versions show alike."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from apps.audit.models import Entry
from apps.audit.sentences import Part, spoken
from apps.registry.cards import SECTIONS
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.cards import current_card
from mlregistry.levels import Level
from mlregistry.markdown import rendered


def level_on(row: Model) -> Level:
    """What whoever looks holds on the model: the query that found the row has noted it."""
    return Level(getattr(row, "level", Level.NO_PERMISSIONS))


class Portion(NamedTuple):
    """What is shown of a long list, and the addresses of what stands before and after it; "" where nothing does."""

    page: "Page[Any]"
    before: str
    after: str


def portion_of(request: HttpRequest, rows: Any, *, name: str, count: int, size: int) -> Portion:
    """The portion of `rows` that the address asks for under `name`; the other lists of the page stay where they are."""
    paginator = Paginator(rows, size)
    paginator.count = count  # known already: nothing is counted for it
    page = paginator.get_page(request.GET.get(name))
    before = _address(request, name, page.previous_page_number()) if page.has_previous() else ""
    after = _address(request, name, page.next_page_number()) if page.has_next() else ""
    return Portion(page, before, after)


def _address(request: HttpRequest, name: str, number: int) -> str:
    asked = request.GET.copy()
    asked[name] = str(number)
    return f"?{asked.urlencode()}#{name}"


def crumb(found: RegisteredModel) -> tuple[str, str]:
    """The list that it is in."""
    return (reverse("prompts"), "Prompts") if found.is_prompt else (reverse("models"), "Models")


def told(entries: list[Entry]) -> list[tuple[Entry, list[Part]]]:
    """Entries of the audit record, each with its sentence."""
    return [(entry, spoken(entry)) for entry in entries]


def card_of(version: ModelVersion) -> dict[str, Any]:
    """Its card as people read it, and where it is written."""
    card = current_card(version)
    address = f"{reverse('admin:registry_cardrevision_add')}?{urlencode({'version': version.pk})}"
    sections = [(title, rendered(card.sections[key])) for key, title in SECTIONS.items() if card.sections.get(key)]
    missing = [title for key, title in SECTIONS.items() if not card.sections.get(key)]
    return {"revision": card, "sections": sections, "missing": missing, "address": address}
