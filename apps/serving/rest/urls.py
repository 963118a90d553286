"""Routes of the native API's serving, below /api/v1/."""

from django.urls import path

from apps.serving.rest import asking, deployments, images

DEPLOYMENT = "deployments/<str:name>"

urlpatterns = [
    path("registered-models/<str:name>/versions/<str:version>/images", images.VersionImagesView.as_view()),
    path("images/<int:pk>", images.ImageView.as_view()),
    path("deployments", deployments.DeploymentsView.as_view({"get": "list"})),
    path(DEPLOYMENT, deployments.DeploymentsView.as_view({"get": "retrieve", "delete": "destroy"})),
    path(f"{DEPLOYMENT}/stop", deployments.DeploymentsView.as_view({"post": "stop"})),
    path(f"{DEPLOYMENT}/rollouts", deployments.RolloutsView.as_view()),
    path(f"{DEPLOYMENT}/invocations", asking.InvocationsView.as_view()),
    path(f"{DEPLOYMENT}/ping", asking.PingView.as_view()),
]
