"""Rows as the wire writes them. Empty lists and unset fields are left out, as protobuf leaves them out."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from apps.registry.models import ModelVersion, RegisteredModel
from apps.tracking.api.render import pairs, without_empty
from mlregistry.wire.endpoint import Wire


def registered_model(row: RegisteredModel, latest: Iterable[ModelVersion] = ()) -> Wire:
    """A model whose tags and aliases have been prefetched, with the `latest` version of each stage."""
    return without_empty(
        {
            "name": row.name,
            "creation_timestamp": row.creation_time,
            "last_updated_timestamp": row.last_updated_time,
            "description": row.description,
            "latest_versions": [version_in_list(version) for version in latest],
            "tags": pairs((tag.key, tag.value) for tag in row.tags.all()),
            "aliases": [{"alias": alias.name, "version": str(alias.version.version)} for alias in row.aliases.all()],
        }
    )


def version(row: ModelVersion) -> Wire:
    """A version whose model, tags and aliases have been prefetched."""
    return without_empty(version_in_list(row) | {"aliases": sorted(alias.name for alias in row.aliases.all())}, _KEPT)


def version_in_list(row: ModelVersion) -> Wire:
    """A version as lists show it: without its aliases."""
    values: Wire = {
        "name": row.model.name,
        "version": str(row.version),
        "creation_timestamp": row.creation_time,
        "last_updated_timestamp": row.last_updated_time,
        "user_id": row.user_id,
        "current_stage": row.current_stage,
        "source": row.source,
        "run_id": row.run_id,
        "status": row.status,
        "status_message": row.status_message,
        "tags": pairs((tag.key, tag.value) for tag in row.tags.all()),
        "run_link": row.run_link,
        "model_id": row.logged_model_id,
    }
    if row.description is not None:
        values["description"] = row.description
    return without_empty(values, _KEPT)


_KEPT = ("description", "run_id", "run_link")
"""Fields of a version that are there even when they are empty."""


def download_uri(row: ModelVersion) -> str:
    """Where clients read the version's files from: of another version or a logged model, where those lie."""
    return row.location if urlsplit(row.source).scheme == "models" else row.source
