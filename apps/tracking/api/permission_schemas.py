"""Requests and answers of the calls on experiment permissions."""

from mlregistry.wire.answers import Answer
from mlregistry.wire.schema import Required, Schema


class NamePermission(Schema, kw_only=True):
    experiment_id: Required
    username: Required


class SetPermission(NamePermission, kw_only=True):
    permission: Required


class Permission(Answer, kw_only=True):
    experiment_id: str
    user_id: int
    permission: str


class PermissionAnswer(Answer, kw_only=True):
    experiment_permission: Permission
