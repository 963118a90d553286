"""Routes of MLflow's calls on users and roles."""

from apps.accounts.api import roles, user_permissions, views
from mlregistry.wire import endpoint

DECLARING = (views, roles, user_permissions)

urlpatterns = endpoint.urlpatterns("apps.accounts.api")
