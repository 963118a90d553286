"""Stages and states of model versions, and of what is done for them."""

from django.conf import settings
from django.db import models

from mlregistry.errors import InvalidParameter
from mlregistry.wire.schema import WireEnum

NONE, STAGING, PRODUCTION, ARCHIVED = "None", "Staging", "Production", "Archived"
STAGE_NAME = 20
"""The longest name of a stage."""
DELETED = "Deleted_Internal"
"""Not a stage: the mark of a version that is gone for everybody, whose number is never given again."""


def stages() -> tuple[str, ...]:
    """Every stage there is: MLflow's four, with those of MLREGISTRY_STAGES between Production and Archived."""
    return (NONE, STAGING, PRODUCTION, *settings.MLREGISTRY_STAGES, ARCHIVED)


def active_stages() -> tuple[str, ...]:
    """Those in which a version serves somebody, and which it can be archived from."""
    return (STAGING, PRODUCTION, *settings.MLREGISTRY_STAGES)


def stage_named(name: str) -> str:
    """The stage called so, in any case."""
    for stage in stages():
        if stage.lower() == name.lower():
            return stage
    raise InvalidParameter(f"Invalid Model Version stage: {name}. Value must be one of {', '.join(stages())}.")


class VersionStatus(WireEnum):
    PENDING_REGISTRATION = "PENDING_REGISTRATION"
    FAILED_REGISTRATION = "FAILED_REGISTRATION"
    READY = "READY"


class ContentState(models.TextChoices):
    """pending -> sealed, or unreadable; a sealed version whose files no longer are what they were has drifted."""

    PENDING = "pending", "being read"
    SEALED = "sealed", "sealed"
    UNREADABLE = "unreadable", "cannot be read by this server"
    DRIFTED = "drifted", "differs from what was registered"


class Difference(models.TextChoices):
    """How a file, or the manifest itself, is not what was registered."""

    CHANGED = "changed", "changed"
    MISSING = "missing", "missing"
    ADDED = "added", "added"
    UNSIGNED = "unsigned", "not what this server signed"


class Verdict(models.TextChoices):
    """What a scan came to. Whatever it could not read to the end is not clean."""

    CLEAN = "clean"
    SUSPICIOUS = "suspicious", "not clean"
    FAILED = "failed", "not clean: the scan failed"


class WebhookStatus(WireEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class DeliveryState(models.TextChoices):
    """pending -> delivered, or given up after the last attempt; replaying makes it pending again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed", "given up"
