"""Where the pages of serving are, below /admin/."""

from django.urls import path

from apps.serving.pages import deployments, images

DEPLOYMENT = "deployments/<slug:name>/"
VERSION = "models/<int:pk>/versions/<int:number>/"

urlpatterns = [
    path("deployments/", deployments.deployments, name="deployments"),
    path(DEPLOYMENT, deployments.deployment, name="deployment"),
    path(f"{DEPLOYMENT}deploy/", deployments.deploy, name="deployment-deploy"),
    path(f"{DEPLOYMENT}stop/", deployments.stop, name="deployment-stop"),
    path(f"{DEPLOYMENT}delete/", deployments.delete, name="deployment-delete"),
    path(f"{DEPLOYMENT}try/", deployments.try_out, name="deployment-try"),
    path("images/<int:pk>/", images.image, name="image"),
    path(f"{VERSION}build/", images.build, name="version-build"),
    path(f"{VERSION}deploy/", deployments.deploy_version, name="version-deploy"),
]
