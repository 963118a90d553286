"""Reading logged models."""

from apps.accounts.models import User
from apps.tracking.choices import PRESENT, Lifecycle
from apps.tracking.models import LoggedModel
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.errors import NotFound
from mlregistry.levels import Level


def get_logged_model(user: User, model_id: str, *, at_least: Level, deleted: bool = False) -> LoggedModel:
    """The model of that id, deleted ones only where asked for. Absent and hidden look the same."""
    stages = PRESENT if deleted else (Lifecycle.ACTIVE,)
    models = LoggedModel.objects.filter(model_id=model_id, lifecycle_stage__in=stages)
    return EXPERIMENT_GRANTS.demand(
        models,
        user,
        at_least=at_least,
        via="experiment",
        absent=_absent(model_id),
        subject=f"logged model {model_id}",
    )


def model_pks(user: User, model_ids: set[str]) -> dict[str, int]:
    """The primary keys of models that a run refers to; every one of them must be readable."""
    models = LoggedModel.objects.filter(model_id__in=model_ids, lifecycle_stage__in=PRESENT)
    found = dict(EXPERIMENT_GRANTS.filter(models, user, via="experiment").values_list("model_id", "pk"))
    for model_id in sorted(model_ids - found.keys()):
        raise NotFound(_absent(model_id))
    return found


def _absent(model_id: str) -> str:
    return f"Logged model with ID '{model_id}' not found."
