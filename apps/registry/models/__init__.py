"""The rows of the registry. Times in the wire's own fields are milliseconds since 1970 (UTC)."""

from apps.registry.models.cards import CardRevision
from apps.registry.models.content import Content, ContentFile, Sbom, Scan
from apps.registry.models.registered_models import (
    Alias,
    RegisteredModel,
    RegisteredModelTag,
    RegisteredModelTeamGrant,
    RegisteredModelUserGrant,
)
from apps.registry.models.versions import ModelVersion, ModelVersionTag
from apps.registry.models.webhooks import Delivery, Webhook

__all__ = [
    "Alias",
    "CardRevision",
    "Content",
    "ContentFile",
    "Delivery",
    "ModelVersion",
    "ModelVersionTag",
    "RegisteredModel",
    "RegisteredModelTag",
    "RegisteredModelTeamGrant",
    "RegisteredModelUserGrant",
    "Sbom",
    "Scan",
    "Webhook",
]
