"""Experiments in the native API."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request

from apps.accounts.rest.grants import PermissionsView
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.experiments import get_experiment
from mlregistry.levels import Level
from mlregistry.native import caller


@extend_schema_view(get=extend_schema(operation_id="experiment_permissions_list"))
class ExperimentPermissionsView(PermissionsView):
    """Levels on one experiment; for those who manage it."""

    grants = EXPERIMENT_GRANTS

    def managed(self, request: Request, **key: str) -> Experiment:
        return get_experiment(caller(request), key["experiment_id"], at_least=Level.MANAGE)
