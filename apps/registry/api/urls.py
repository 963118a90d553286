"""Routes of the registry calls."""

from apps.registry.api import artifacts, permissions, registered_models, searches, versions, webhooks
from mlregistry.wire import endpoint

DECLARING = (artifacts, permissions, registered_models, searches, versions, webhooks)

urlpatterns = endpoint.urlpatterns("apps.registry.api")
