"""A workspace's calls on who holds what on a registered model, known by the `id` of `registered-models/get`.

Each entry is a grant of its own, asked of the policies like any other: where one takes approval, those before it stand.
"""

from apps.accounts.grants import Holder
from apps.accounts.models import User
from apps.accounts.queries import get_team, get_user
from apps.registry.api.workspace import permission_schemas as schemas
from apps.registry.models import RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model_by_id
from apps.registry.workspace import PermissionLevel, ours, theirs
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint

PATH, BASE = "registered-models/{registered_model_id}", "permissions"
MOST = 1_000
"""Entries of one list."""
_MEANS = {
    PermissionLevel.CAN_READ: "Can read the model, comment, and vote where a policy names their team.",
    PermissionLevel.CAN_EDIT: "Can register and tag versions, and move them or ask for it, as policies allow.",
    PermissionLevel.CAN_MANAGE_STAGING_VERSIONS: "Like CAN_EDIT: who may move what where is said by policies.",
    PermissionLevel.CAN_MANAGE_PRODUCTION_VERSIONS: "Like CAN_EDIT: who may move what where is said by policies.",
    PermissionLevel.CAN_MANAGE: "Can do everything with the model, and say who else may.",
}


@endpoint("GET", PATH, schemas.NameModelId, requires=Level.MANAGE, returns=schemas.ModelPermissions, base=BASE)
def get_permissions_in_workspace(request: WireRequest[schemas.NameModelId]) -> Wire:
    return _shown(_model(request.user, request.body, Level.MANAGE))


@endpoint("PUT", PATH, schemas.SetPermissions, requires=Level.MANAGE, returns=schemas.ModelPermissions, base=BASE)
def set_permissions_in_workspace(request: WireRequest[schemas.SetPermissions]) -> Wire:
    """Have these hold what is said, and nobody else anything; who is kept out stays so: there is no word for that."""
    model, asked = _model(request.user, request.body, Level.MANAGE), _asked(request.body)
    for holder, level in asked:
        MODEL_GRANTS.set(target=model, holder=holder, level=level, by=request.actor)
    kept = [holder for holder, _ in asked]
    for holder, level in MODEL_GRANTS.on(model):
        if holder not in kept and level > Level.NO_PERMISSIONS:
            MODEL_GRANTS.remove(target=model, holder=holder, by=request.actor)
    return _shown(model)


@endpoint("PATCH", PATH, schemas.SetPermissions, requires=Level.MANAGE, returns=schemas.ModelPermissions, base=BASE)
def update_permissions_in_workspace(request: WireRequest[schemas.SetPermissions]) -> Wire:
    model = _model(request.user, request.body, Level.MANAGE)
    for holder, level in _asked(request.body):
        MODEL_GRANTS.set(target=model, holder=holder, level=level, by=request.actor)
    return _shown(model)


@endpoint(
    "GET",
    f"{PATH}/permissionLevels",
    schemas.NameModelId,
    requires=Level.READ,
    returns=schemas.PermissionLevels,
    base=BASE,
)
def get_permission_levels_in_workspace(request: WireRequest[schemas.NameModelId]) -> Wire:
    _model(request.user, request.body, Level.READ)
    levels = [{"permission_level": level, "description": means} for level, means in _MEANS.items()]
    return {"permission_levels": levels}


def _model(user: User, body: schemas.NameModelId, at_least: Level) -> RegisteredModel:
    written = body.registered_model_id
    key = int(written) if written.isascii() and written.isdigit() and len(written) < len(str(2**63)) else 0
    return get_model_by_id(user, key, at_least=at_least)


def _asked(body: schemas.SetPermissions) -> list[tuple[Holder, Level]]:
    if len(body.access_control_list) > MOST:
        raise InvalidParameter(f"An access_control_list has at most {MOST:,} entries.")
    return [(_holder(entry), ours(entry.permission_level)) for entry in body.access_control_list]


def _holder(entry: schemas.AccessControl) -> Holder:
    named = [name for name in (entry.user_name, entry.service_principal_name, entry.group_name) if name]
    if len(named) != 1:
        raise InvalidParameter("Each entry names one: a user_name, a group_name or a service_principal_name.")
    return get_team(entry.group_name) if entry.group_name else get_user(named[0])


def _shown(model: RegisteredModel) -> Wire:
    return {
        "object_id": f"/registered-models/{model.pk}",
        "object_type": "registered-model",
        "access_control_list": [
            {
                _called(holder): str(holder),
                "display_name": str(holder),
                "all_permissions": [{"permission_level": theirs(level), "inherited": False}],
            }
            for holder, level in MODEL_GRANTS.on(model)
            if level > Level.NO_PERMISSIONS
        ],
    }


def _called(holder: Holder) -> str:
    if not isinstance(holder, User):
        return "group_name"
    return "service_principal_name" if holder.is_service_account else "user_name"
