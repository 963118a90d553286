"""Routes of the registry calls."""

from apps.registry.api import artifacts, permissions, registered_models, searches, versions, webhooks
from apps.registry.api.workspace import comments, transitions
from apps.registry.api.workspace import permissions as workspace_permissions
from apps.registry.api.workspace import webhooks as workspace_webhooks
from mlregistry.wire import endpoint

DECLARING = (artifacts, permissions, registered_models, searches, versions, webhooks)
OF_WORKSPACES = (comments, transitions, workspace_permissions, workspace_webhooks)

urlpatterns = endpoint.urlpatterns("apps.registry.api")
