"""Routes of the native API's notices, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.notices.rest import views

router = SimpleRouter(trailing_slash=False)
router.register("notices", views.NoticesView, basename="api-notice")

urlpatterns = [
    path("notices/preferences", views.PreferencesView.as_view()),
    *router.urls,
]
