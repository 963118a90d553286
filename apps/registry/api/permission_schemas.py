"""Requests and answers of the calls on registered model permissions."""

from mlregistry.wire.answers import Answer
from mlregistry.wire.schema import Required, Schema


class NameModelPermission(Schema, kw_only=True):
    name: Required
    username: Required


class SetModelPermission(NameModelPermission, kw_only=True):
    permission: Required


class ModelPermission(Answer, kw_only=True):
    name: str
    user_id: int
    permission: str


class ModelPermissionAnswer(Answer, kw_only=True):
    registered_model_permission: ModelPermission
