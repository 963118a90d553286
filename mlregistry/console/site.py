"""The admin site: Django's, with our navigation, our home page and our search."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.functional import SimpleLazyObject

from mlregistry.console import registry

SHORTEST_SEARCH = 2


class ConsoleSite(admin.AdminSite):
    site_header = site_title = "mlregistry"
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # Parts of pages have no navigation: what it counts is only counted where it is shown.
        sections = SimpleLazyObject(lambda: self._navigation(request))
        return {**super().each_context(request), "sections": sections}

    def get_urls(self) -> "list[URLPattern | URLResolver]":
        own: list[URLPattern | URLResolver] = [
            path("search/", self.admin_view(self.search), name="search"),
            path("tables/", self.admin_view(self.tables), name="tables"),
        ]
        return own + super().get_urls()

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Home: what each app says is worth knowing first."""
        user: Any = request.user
        shown = registry.panels("home", request, without=user.remembered(registry.HIDDEN_PANELS, ()))
        context = {
            **self.each_context(request),
            "title": "Home",
            "needs": registry.needs(request),
            "main": [panel for panel in shown if panel.wide],
            "beside": [panel for panel in shown if not panel.wide],
        }
        return TemplateResponse(request, "console/home.html", context)

    def tables(self, request: HttpRequest) -> HttpResponse:
        """Every table there is, for whoever looks behind the pages."""
        context = {**self.each_context(request), "title": "All tables", "app_list": self.get_app_list(request)}
        return TemplateResponse(request, "console/tables.html", context)

    def search(self, request: HttpRequest) -> HttpResponse:
        """Over everything, by name, tag or id. htmx asks for the list alone."""
        words = request.GET.get("q", "").strip().replace("\0", "")
        groups = registry.found(request, words) if len(words) >= SHORTEST_SEARCH else []
        context = {"title": "Search", "words": words, "groups": groups, "shortest": SHORTEST_SEARCH}
        if request.headers.get("HX-Request") == "true":
            return TemplateResponse(request, "console/hits.html", context)
        return TemplateResponse(request, "console/search.html", {**self.each_context(request), **context})

    def _navigation(self, request: HttpRequest) -> list[dict[str, Any]]:
        if not self.has_permission(request):
            return []
        return [
            {
                "title": section.title,
                "address": section.address,
                "count": section.count(request) if section.count else 0,
                "is_current": request.path.startswith((section.address, *section.below)),
            }
            for section in registry.sections(request)
        ]
