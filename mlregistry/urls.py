"""Where requests go: the admin, each app's wire and native API, and what anyone may ask."""

from allauth.account.views import logout
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView, TemplateView
from drf_spectacular.views import SpectacularAPIView

from mlregistry import signing
from mlregistry.wire import MLFLOW_VERSION


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The server answers: for load balancers, and for whoever waits until it has started."""
    return HttpResponse("OK", content_type="text/plain")


@require_safe
def version(request: HttpRequest) -> HttpResponse:
    """The MLflow version whose wire we speak: what MLflow's clients ask for."""
    return HttpResponse(MLFLOW_VERSION, content_type="text/plain")


@require_safe
def keys(request: HttpRequest) -> JsonResponse:
    """The public keys by which anybody can check what this server signed, without asking it."""
    return JsonResponse(signing.key_set())


urlpatterns = [
    path("favicon.ico", RedirectView.as_view(url=static("mlregistry/icon.svg"))),
    path("health", health),
    path("version", version),
    path(".well-known/mlregistry-keys.json", keys),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("accounts/", include("apps.accounts.urls")),
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/logout/", logout),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", include("apps.audit.pages.urls")),
    path("admin/", include("apps.accounts.pages.urls")),
    path("admin/", include("apps.jobs.pages.urls")),
    path("admin/", include("apps.governance.pages.urls")),
    path("admin/", include("apps.notices.pages.urls")),
    path("admin/", include("apps.tracking.pages.urls")),
    path("admin/", include("apps.registry.pages.urls")),
    path("admin/", include("apps.serving.pages.urls")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", login_required(TemplateView.as_view(template_name="api_docs.html")), name="docs"),
    path("api/v1/", include("apps.accounts.rest.urls")),
    path("api/v1/", include("apps.governance.rest.urls")),
    path("api/v1/", include("apps.notices.rest.urls")),
    path("api/v1/", include("apps.tracking.rest.urls")),
    path("api/v1/", include("apps.registry.rest.urls")),
    path("api/v1/", include("apps.serving.rest.urls")),
    path("", include("apps.accounts.api.urls")),
    path("", include("apps.tracking.api.urls")),
    path("", include("apps.registry.api.urls")),
]

handler404 = "mlregistry.console.page.not_found"
handler500 = "mlregistry.console.page.failed"
