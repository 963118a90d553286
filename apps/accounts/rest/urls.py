"""Routes of the native API's accounts, below /api/v1/."""

from rest_framework.routers import SimpleRouter

from apps.accounts.rest import views

router = SimpleRouter(trailing_slash=False)
router.register("people", views.PeopleView, "person")
router.register("service-accounts", views.ServiceAccountsView, "service-account")
router.register("teams", views.TeamsView, "team")
router.register("tokens", views.TokensView, "token")
router.register("me", views.MeView, "me")
urlpatterns = router.urls
