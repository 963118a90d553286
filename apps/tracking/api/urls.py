"""Routes of the tracking calls."""

from apps.tracking.api import artifacts, experiments, logged_models, metrics, permissions, proxy, runs, searches, server
from mlregistry.wire import endpoint

DECLARING = (artifacts, experiments, logged_models, metrics, permissions, proxy, runs, searches, server)

urlpatterns = endpoint.urlpatterns("apps.tracking.api")
