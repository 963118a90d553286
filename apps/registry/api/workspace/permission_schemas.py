"""Requests and answers of a workspace's permission calls (source: databricks-sdk 0.156, `service/ml.py`)."""

from apps.registry.workspace import PermissionLevel
from mlregistry.wire.answers import Answer
from mlregistry.wire.schema import Required, Schema


class NameModelId(Schema, kw_only=True):
    registered_model_id: Required


class AccessControl(Schema, kw_only=True):
    permission_level: PermissionLevel
    user_name: str = ""
    group_name: str = ""
    service_principal_name: str = ""


class SetPermissions(NameModelId, kw_only=True):
    access_control_list: list[AccessControl] = []


class HeldPermission(Answer, kw_only=True):
    permission_level: PermissionLevel
    inherited: bool


class HolderOfPermissions(Answer, kw_only=True):
    display_name: str
    all_permissions: list[HeldPermission]
    user_name: str = ""
    group_name: str = ""
    service_principal_name: str = ""


class ModelPermissions(Answer, kw_only=True):
    object_id: str
    object_type: str
    access_control_list: list[HolderOfPermissions]


class PermissionLevelInWords(Answer, kw_only=True):
    permission_level: PermissionLevel
    description: str


class PermissionLevels(Answer, kw_only=True):
    permission_levels: list[PermissionLevelInWords]
