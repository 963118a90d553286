"""Who holds what on a registered model, in the native API."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request

from apps.accounts.rest.grants import PermissionsView
from apps.registry.models import RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model
from mlregistry.levels import Level
from mlregistry.native import caller


@extend_schema_view(get=extend_schema(operation_id="registered_model_permissions_list"))
class ModelPermissionsView(PermissionsView):
    """Levels on one registered model; for those who manage it."""

    grants = MODEL_GRANTS

    def managed(self, request: Request, **key: str) -> RegisteredModel:
        return get_model(caller(request), key["name"], at_least=Level.MANAGE)
