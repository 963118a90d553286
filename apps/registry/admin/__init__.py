"""The registry in the admin. Everyone sees what they may; services do the changing."""

from apps.registry.admin import cards, parts, registered_models, versions, webhooks

__all__ = ["cards", "parts", "registered_models", "versions", "webhooks"]
