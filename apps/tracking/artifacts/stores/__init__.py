"""The stores that the server may read and write: where the proxy keeps files, and the root that clients write to."""

from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.artifacts.stores.local import LocalStore

UNKNOWN = (
    "Artifacts can be kept in a folder, s3://bucket/prefix, gs://bucket/prefix, az://container/prefix "
    "or wasbs://container@account.blob.core.windows.net/prefix; {uri!r} is none of these."
)


def proxied_store() -> ArtifactStore:
    """Where `mlflow-artifacts:` files lie: `MLREGISTRY_ARTIFACTS`."""
    return store_of(settings.MLREGISTRY_ARTIFACTS)


@lru_cache(maxsize=16)
def store_of(uri: str) -> ArtifactStore:
    """The store at `uri`. Only for what the operator configured: a client's words never come here.

    The libraries of object stores are imported when one is used.
    """
    parts = urlsplit(uri)
    match parts.scheme:
        case "" | "file":
            return LocalStore(Path(parts.path if parts.scheme else uri))
        case "s3" if parts.netloc:
            from apps.tracking.artifacts.stores.s3 import S3Store  # noqa: PLC0415  boto3 takes 30 MB

            return S3Store(parts.netloc, parts.path)
        case "gs" if parts.netloc:
            from apps.tracking.artifacts.stores.gcs import GoogleStore  # noqa: PLC0415  only where it is installed

            return GoogleStore(parts.netloc, parts.path)
        case "az" if parts.netloc and settings.AZURE_ACCOUNT_NAME:
            return _azure(parts.netloc, settings.AZURE_ACCOUNT_NAME, parts.path)
        case "wasbs" if parts.username and parts.hostname:
            return _azure(parts.username, parts.hostname.partition(".")[0], parts.path)
    raise ImproperlyConfigured(UNKNOWN.format(uri=uri))


def _azure(container: str, account: str, prefix: str) -> ArtifactStore:
    from apps.tracking.artifacts.stores.azure import AzureStore  # noqa: PLC0415  only where it is installed

    return AzureStore(container, account, prefix)
