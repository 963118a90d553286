"""Routes of the native API's governance, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.governance.rest import views

router = SimpleRouter(trailing_slash=False)
router.register("change-requests", views.ChangeRequestsView, basename="change-request")
router.register("legal-holds", views.HoldsView, basename="legal-hold")

POLICY = "policies/<str:name>"

urlpatterns = [
    *router.urls,
    path("policies", views.PoliciesView.as_view({"get": "list"})),
    path(POLICY, views.PoliciesView.as_view({"get": "retrieve", "put": "update"})),
    path(f"{POLICY}/revisions", views.PoliciesView.as_view({"get": "revisions"}, pagination_class=None)),
    path(f"{POLICY}/publish", views.PoliciesView.as_view({"post": "publish"})),
    path(f"{POLICY}/retire", views.PoliciesView.as_view({"post": "retire"})),
    path("gates", views.GatesView.as_view()),
]
