"""Routes of the registry calls."""

from apps.registry.api import artifacts, permissions, registered_models, searches, versions, webhooks
from apps.registry.api.workspace import comments, transitions
from apps.registry.api.workspace import webhooks as workspace_webhooks
from mlregistry.wire import endpoint

DECLARING = (
    artifacts,
    comments,
    permissions,
    registered_models,
    searches,
    transitions,
    versions,
    webhooks,
    workspace_webhooks,
)

urlpatterns = endpoint.urlpatterns("apps.registry.api")
