"""The wire's calls on who holds what on an experiment: users only; the native API knows teams too."""

from apps.accounts.grants import level_named
from apps.accounts.queries import get_user
from apps.tracking.api import permission_schemas as schemas
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.experiments import get_experiment
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty

BASE = "experiments/permissions"


@endpoint(
    "POST",
    f"{BASE}/create",
    schemas.SetPermission,
    requires=Level.MANAGE,
    returns=schemas.PermissionAnswer,
)
def create_permission(request: WireRequest[schemas.SetPermission]) -> Wire:
    body, level = request.body, level_named(request.body.permission)
    experiment = get_experiment(request.user, body.experiment_id, at_least=Level.MANAGE)
    holder = get_user(body.username)
    EXPERIMENT_GRANTS.create(target=experiment, holder=holder, level=level, by=request.actor)
    return _answer(experiment.pk, holder.pk, level)


@endpoint(
    "GET",
    f"{BASE}/get",
    schemas.NamePermission,
    requires=Level.MANAGE,
    returns=schemas.PermissionAnswer,
)
def get_permission(request: WireRequest[schemas.NamePermission]) -> Wire:
    experiment = get_experiment(request.user, request.body.experiment_id, at_least=Level.MANAGE)
    holder = get_user(request.body.username)
    return _answer(experiment.pk, holder.pk, EXPERIMENT_GRANTS.get(experiment, holder))


@endpoint("PATCH", f"{BASE}/update", schemas.SetPermission, requires=Level.MANAGE, returns=Empty)
def update_permission(request: WireRequest[schemas.SetPermission]) -> Wire:
    body, level = request.body, level_named(request.body.permission)
    experiment = get_experiment(request.user, body.experiment_id, at_least=Level.MANAGE)
    EXPERIMENT_GRANTS.update(target=experiment, holder=get_user(body.username), level=level, by=request.actor)
    return {}


@endpoint("DELETE", f"{BASE}/delete", schemas.NamePermission, requires=Level.MANAGE, returns=Empty)
def delete_permission(request: WireRequest[schemas.NamePermission]) -> Wire:
    experiment = get_experiment(request.user, request.body.experiment_id, at_least=Level.MANAGE)
    EXPERIMENT_GRANTS.remove(target=experiment, holder=get_user(request.body.username), by=request.actor)
    return {}


def _answer(experiment_id: int, user_id: int, level: Level) -> Wire:
    return {
        "experiment_permission": {
            "experiment_id": str(experiment_id),
            "user_id": user_id,
            "permission": level.name,
        }
    }
