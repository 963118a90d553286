"""What the pages of models and of versions show alike."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from apps.audit.models import Entry
from apps.audit.sentences import Part, spoken
from apps.registry.cards import SECTIONS
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.cards import current_card
from mlregistry.levels import Level
from mlregistry.markdown import rendered


def level_on(row: RegisteredModel | ModelVersion) -> Level:
    """What whoever looks holds on the model: the query that found the row has noted it."""
    return Level(getattr(row, "level", Level.NO_PERMISSIONS))


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
