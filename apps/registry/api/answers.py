"""What the registry calls answer with, field by field as in the wire's catalogue."""

from apps.registry.choices import VersionStatus
from apps.tracking.entities import Tag
from mlregistry.wire.answers import Answer


class AliasOfVersion(Answer, kw_only=True):
    alias: str
    version: str


class VersionFields(Answer, kw_only=True):
    """What each wire tells of a version."""

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    user_id: str
    current_stage: str
    description: str = ""
    source: str
    run_id: str
    status: VersionStatus
    status_message: str = ""
    tags: list[Tag] = []
    run_link: str
    model_id: str = ""


class ModelVersion(VersionFields, kw_only=True):
    aliases: list[str] = []


class RegisteredModel(Answer, kw_only=True):
    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    latest_versions: list[ModelVersion] = []
    tags: list[Tag] = []
    aliases: list[AliasOfVersion] = []


class RegisteredModelAnswer(Answer, kw_only=True):
    registered_model: RegisteredModel


class RegisteredModelPage(Answer, kw_only=True):
    registered_models: list[RegisteredModel] = []
    next_page_token: str = ""


class ModelVersionAnswer(Answer, kw_only=True):
    model_version: ModelVersion


class ModelVersionPage(Answer, kw_only=True):
    model_versions: list[ModelVersion] = []
    next_page_token: str = ""


class DownloadUri(Answer, kw_only=True):
    artifact_uri: str
