"""Routes of MLflow's user calls."""

from apps.accounts.api import views
from mlregistry.wire import endpoint

DECLARING = (views,)

urlpatterns = endpoint.urlpatterns("apps.accounts.api")
