"""Routes of the native API's experiments, below /api/v1/."""

from django.urls import path

from apps.tracking.rest.views import ExperimentPermissionsView

urlpatterns = [
    path("experiments/<str:experiment_id>/permissions", ExperimentPermissionsView.as_view()),
]
