"""Requests of the workspace-registry calls (source: databricks-sdk 0.156, `service/ml.py`)."""

from apps.registry.api.schemas import NameModel, NameVersion
from mlregistry.wire.schema import Required, Schema

__all__ = ["NameModel", "NameVersion"]


class AskTransition(NameVersion, kw_only=True):
    stage: Required
    comment: str = ""


class Transition(AskTransition, kw_only=True):
    """A transition made, or the approval of one."""

    archive_existing_versions: bool = False


class WithdrawTransition(AskTransition, kw_only=True):
    creator: Required


class CreateComment(NameVersion, kw_only=True):
    comment: Required


class NameComment(Schema, kw_only=True):
    id: Required


class UpdateComment(NameComment, kw_only=True):
    comment: Required
