"""Levels on registered models. Versions, aliases, content and cards inherit those of their model."""

from apps.accounts.grants import ObjectGrants
from apps.registry.models import RegisteredModelTeamGrant, RegisteredModelUserGrant

MODEL_GRANTS = ObjectGrants(RegisteredModelUserGrant, RegisteredModelTeamGrant, known_by="name", called="model")
