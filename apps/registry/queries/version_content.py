"""Reading what is known of a version's files. Whoever may read a version may read this: ask for the version first."""

from django.db.models import QuerySet

from apps.registry.models import Content, ContentFile, ModelVersion, Sbom, Scan
from mlregistry.errors import NotFound


def get_content(version: ModelVersion) -> Content:
    found = Content.objects.filter(version=version).first()
    if found is None:
        raise NotFound(f"{_named(version)} has no files.")
    return found


def files_of(content: Content) -> QuerySet[ContentFile]:
    """The lines of its manifest."""
    return ContentFile.objects.filter(content=content)


def scans_of(version: ModelVersion) -> QuerySet[Scan]:
    return Scan.objects.filter(version=version)


def get_sbom(version: ModelVersion) -> Sbom:
    found = Sbom.objects.filter(version=version).first()
    if found is None:
        raise NotFound(f"No SBOM of {_named(version)} has been made yet.")
    return found


def _named(version: ModelVersion) -> str:
    return f"Model Version (name={version.model.name}, version={version.version})"
