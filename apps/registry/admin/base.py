"""What the pages of the registry share."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.granted_admin import GrantedAdmin
from apps.registry.permissions import MODEL_GRANTS
from apps.tracking.admin.base import PartAdmin


class RegistryAdmin(GrantedAdmin):
    """Rows of registered models that the reader may read."""

    grants = MODEL_GRANTS


class Kind(admin.SimpleListFilter):
    """Models, or prompts: they share their tables, but who looks for the one does not want to read past the other."""

    title = "kind"
    parameter_name = "kind"
    field = "is_prompt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("models", "Models"), ("prompts", "Prompts")]

    def value(self) -> str:
        return "prompts" if super().value() == "prompts" else "models"

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Without the "All" that every filter begins with."""
        choices = super().choices(changelist)
        next(choices)
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.field: self.value() == "prompts"})


class KindOfVersion(Kind):
    """The kind of what they are versions of, unless the page is about one model or prompt as it is."""

    field = "model__is_prompt"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if "model__id__exact" in request.GET else super().queryset(request, queryset)


class ModelPartAdmin(PartAdmin):
    """Rows that belong to a registered model."""

    grants = MODEL_GRANTS
    owner = via = "model"
    list_select_related: ClassVar[tuple[str, ...]] = ("model",)
    search_fields = ("model__name",)
    search_help_text = "The name of a model, in full."


class VersionPartAdmin(PartAdmin):
    """Rows that belong to a version."""

    grants = MODEL_GRANTS
    owner = "version"
    via = "version__model"
    list_select_related: ClassVar[tuple[str, ...]] = ("version__model",)
    search_fields = ("version__model__name",)
    search_help_text = "The name of a model, in full."
