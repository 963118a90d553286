"""Which versions' files are to be read or looked at. The server asks for itself: nobody's permissions apply."""

from django.db.models import QuerySet

from apps.registry.choices import DELETED, ContentState
from apps.registry.models import ModelVersion

SIGNED = (ContentState.SEALED, ContentState.DRIFTED)
"""States with a manifest to hold the files against."""


def signed_versions(*, model: str = "", number: int | None = None) -> QuerySet[ModelVersion]:
    """Those whose files can be verified; of one model, or one version of it, where asked."""
    versions = _present().filter(content__state__in=SIGNED)
    if model:
        versions = versions.filter(model__name=model)
    return versions if number is None else versions.filter(version=number)


def unread_versions() -> QuerySet[ModelVersion]:
    """Those whose files wait to be read, or waited for a store that did not answer."""
    return _present().filter(content__state=ContentState.PENDING)


def _present() -> QuerySet[ModelVersion]:
    return ModelVersion.objects.exclude(current_stage=DELETED)
