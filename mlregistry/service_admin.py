"""Admin pages whose forms call services: the rules, the audit and the sentence of a refusal are the services' own."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from mlregistry.actor import Actor
from mlregistry.errors import RegistryError


def page_actor(request: HttpRequest) -> Actor:
    """Who is at the page."""
    user: Any = request.user
    actor: Actor = user.actor(address=request.META.get("REMOTE_ADDR", ""))
    return actor


class ServiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for the type checker only
    """A subclass's `save_model` and `delete` call services; what those refuse is said on the page, nothing is kept."""

    show_full_result_count = False

    def delete(self, request: HttpRequest, row: Any) -> None:
        """Delete one row, by its service."""
        raise NotImplementedError

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.delete(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete(request, row)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._said(request, lambda: super(ServiceAdmin, self).changeform_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._said(request, lambda: super(ServiceAdmin, self).delete_view(request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._said(request, lambda: super(ServiceAdmin, self).changelist_view(request, *args, **kwargs))

    def _said(self, request: HttpRequest, page: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            return page()
        except RegistryError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
