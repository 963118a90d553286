"""Registering what a run made, under a name that may be new."""

from django.db import transaction

from apps.accounts.models import User
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.registered_models import get_model
from apps.registry.services import registered_models, versions
from apps.registry.sources import Source
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level


@transaction.atomic
def register(*, user: User, name: str, source: Source, description: str, by: Actor) -> ModelVersion:
    """The next version of the model called `name`, which is made where there is none; of a prompt there is no such."""
    model = _model(user, name, by)
    if model.is_prompt:
        raise InvalidParameter("A prompt is called so; choose another name for the model.")
    return versions.create_version(model=model, source=source, tags=(), run_link="", description=description, by=by)


def _model(user: User, name: str, by: Actor) -> RegisteredModel:
    try:
        return get_model(user, name, at_least=Level.EDIT)
    except NotFound:  # or hidden: then the name is taken, as it is on the wire
        return registered_models.create_model(name=name, tags=(), description="", creator=user, by=by)
