"""Requests of the registry calls, field by field as in the wire's catalogue."""

from apps.tracking.entities import Tag
from mlregistry.wire.schema import Int64, Required, Schema


class CreateRegisteredModel(Schema, kw_only=True):
    name: Required
    tags: list[Tag] = []
    description: str = ""


class NameModel(Schema, kw_only=True):
    name: Required


class RenameRegisteredModel(NameModel, kw_only=True):
    new_name: Required


class UpdateRegisteredModel(NameModel, kw_only=True):
    description: str = ""


class Search(Schema, kw_only=True):
    filter: str = ""
    order_by: list[str] = []
    page_token: str = ""


class SearchRegisteredModels(Search, kw_only=True):
    max_results: Int64 = 100


class SearchModelVersions(Search, kw_only=True):
    max_results: Int64 = 200_000


class GetLatestVersions(NameModel, kw_only=True):
    stages: list[str] = []


class CreateModelVersion(NameModel, kw_only=True):
    source: Required
    run_id: str | None = None
    model_id: str | None = None
    tags: list[Tag] = []
    run_link: str = ""
    description: str = ""


class NameVersion(NameModel, kw_only=True):
    version: Required


class UpdateModelVersion(NameVersion, kw_only=True):
    description: str | None = None


class TransitionStage(NameVersion, kw_only=True):
    stage: Required
    archive_existing_versions: bool = False


class SetModelTag(NameModel, kw_only=True):
    key: Required
    value: str = ""


class DeleteModelTag(NameModel, kw_only=True):
    key: Required


class SetVersionTag(NameVersion, kw_only=True):
    key: Required
    value: str = ""


class DeleteVersionTag(NameVersion, kw_only=True):
    key: Required


class NameAlias(NameModel, kw_only=True):
    alias: Required


class SetAlias(NameAlias, kw_only=True):
    version: Required


class ModelVersionArtifact(Schema, kw_only=True):
    name: str = ""
    version: str = ""
    path: str = ""
