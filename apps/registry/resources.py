"""Registered models, and the prompts among them, as MLflow's calls on permissions name them."""

from apps.accounts.resources import Resource
from apps.registry.models import RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model


def _type_of(model: RegisteredModel) -> str:
    return "prompt" if model.is_prompt else "registered_model"


MODELS = Resource(("registered_model", "prompt"), MODEL_GRANTS, get_model, _type_of, number=1)
