"""What the workspace-registry calls answer with (source: databricks-sdk 0.156, `service/ml.py`)."""

from apps.registry.api.answers import ModelVersion, VersionFields
from apps.registry.workspace import ActivityType, AvailableAction, EmailSubscription, PermissionLevel
from apps.tracking.entities import Tag
from mlregistry.wire.answers import Answer


class Activity(Answer, kw_only=True):
    id: str
    activity_type: ActivityType
    comment: str = ""
    creation_timestamp: int
    last_updated_timestamp: int
    from_stage: str = ""
    to_stage: str
    system_comment: str = ""
    user_id: str


class TransitionRequest(Activity, kw_only=True):
    available_actions: list[AvailableAction] = []


class RequestAnswer(Answer, kw_only=True):
    request: TransitionRequest


class ActivityAnswer(Answer, kw_only=True):
    activity: Activity


class RequestList(Answer, kw_only=True):
    requests: list[TransitionRequest] = []


class CommentObject(Answer, kw_only=True):
    id: str
    comment: str
    creation_timestamp: int
    last_updated_timestamp: int
    user_id: str
    available_actions: list[AvailableAction] = []


class CommentAnswer(Answer, kw_only=True):
    comment: CommentObject


class FeatureList(Answer, kw_only=True):
    """Features of a feature store, which this server has none of."""

    features: list[str] = []


class ModelVersionDatabricks(VersionFields, kw_only=True):
    open_requests: list[TransitionRequest] = []
    permission_level: PermissionLevel
    email_subscription_status: EmailSubscription
    feature_list: FeatureList


class RegisteredModelDatabricks(Answer, kw_only=True):
    id: str
    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    user_id: str
    description: str = ""
    latest_versions: list[ModelVersion] = []
    tags: list[Tag] = []
    permission_level: PermissionLevel


class VersionAnswer(Answer, kw_only=True):
    model_version_databricks: ModelVersionDatabricks


class ModelAnswer(Answer, kw_only=True):
    registered_model_databricks: RegisteredModelDatabricks
