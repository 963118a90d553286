"""What clients ask before they choose how to move large files."""

from django.conf import settings

from apps.tracking.artifacts.stores import proxied_store


def moves_files_in_parts() -> dict[str, bool]:
    """The fields of `server-info` that say whether clients can go to the proxy's store themselves."""
    serves = settings.MLREGISTRY_SERVE != "no-artifacts"
    return {
        "multipart_uploads_enabled": serves and proxied_store().takes_parts,
        "multipart_downloads_enabled": serves and proxied_store().presigns,
    }
