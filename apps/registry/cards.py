"""What a model card is made of: sections of Markdown, always the same ones."""

from collections.abc import Mapping

from apps.registry.limits import CARD_SECTION
from mlregistry.errors import InvalidParameter

SECTIONS = {
    "intended_use": "Intended use",
    "data": "Data",
    "metrics": "Metrics",
    "limits": "Limits",
    "ethics": "Ethics",
    "owner": "Owner",
    "contacts": "Contacts",
}
"""Titles by key, in the order in which they are read."""


def check_sections(sections: Mapping[str, str]) -> None:
    for key, text in sections.items():
        if key not in SECTIONS:
            raise InvalidParameter(f"A model card has no section '{key}'; its sections are {', '.join(SECTIONS)}.")
        if len(text) > CARD_SECTION:
            raise InvalidParameter(
                f"Section '{key}' has {len(text):,} characters; a section of a model card takes at most"
                f" {CARD_SECTION:,}."
            )
