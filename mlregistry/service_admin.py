"""Admin pages whose forms call services: the rules, the audit and the sentence of a refusal are the services' own."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html

from mlregistry.actor import Actor
from mlregistry.errors import AskedFor, RegistryError


def page_actor(request: HttpRequest) -> Actor:
    """Who is at the page."""
    user: Any = request.user
    actor: Actor = user.actor(address=request.META.get("REMOTE_ADDR", ""))
    return actor


def say_asked(request: HttpRequest, asked: AskedFor) -> None:
    """Tell, with a link, that what was to be done is not done, but asked for."""
    link = format_html('<a href="{}">{}</a>', asked.address, asked.title)
    messages.info(request, format_html("Asked for: {}. {}", link, asked.message))


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

    def attempt(self, request: HttpRequest, change: Callable[[], object]) -> None:
        """Make one of the changes of a form. What has to be asked for is, and stops none of the others."""
        try:
            change()
        except AskedFor as asked:
            _asked(request).append(asked)

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        """Where something was only asked for, that is said, and not that all of it was changed."""
        if _asked(request):
            return HttpResponseRedirect(request.get_full_path())
        return super().response_change(request, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._said(request, lambda: super(ServiceAdmin, self).changeform_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._said(request, lambda: super(ServiceAdmin, self).delete_view(request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._said(request, lambda: super(ServiceAdmin, self).changelist_view(request, *args, **kwargs))

    def _said(self, request: HttpRequest, page: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            answer = page()
        except RegistryError as refusal:  # and nothing was kept, nor asked for
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        for asked in _asked(request):
            say_asked(request, asked)
        return answer


def _asked(request: HttpRequest) -> list[AskedFor]:
    """What the form on its way has asked for so far."""
    found: list[AskedFor] = request.__dict__.setdefault("asked_for", [])
    return found
