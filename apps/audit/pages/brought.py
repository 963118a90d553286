"""What the record brings to the pages that all apps share."""

from mlregistry.console.registry import Section, add_section


def bring() -> None:
    add_section(Section("Audit", "audit", order=60, administrators_only=True))
