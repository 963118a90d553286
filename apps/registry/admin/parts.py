"""What models and versions are made of: tags, aliases, content, scans, cards, grants. To look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.registry.admin.base import ModelPartAdmin, RegistryAdmin, VersionPartAdmin
from apps.registry.models import (
    Alias,
    Content,
    ContentFile,
    ModelVersionTag,
    RegisteredModelTag,
    RegisteredModelTeamGrant,
    RegisteredModelUserGrant,
    Sbom,
    Scan,
)
from apps.tracking.admin.base import PartAdmin, links
from mlregistry.levels import Level


@admin.register(RegisteredModelTag)
class RegisteredModelTagAdmin(ModelPartAdmin):
    list_display = ("key", "value", "model")
    order_in_owner = ("key",)


@admin.register(Alias)
class AliasAdmin(ModelPartAdmin):
    list_display = ("name", "version", "model")
    list_select_related = ("model", "version__model")
    order_in_owner = ("name",)


@admin.register(ModelVersionTag)
class ModelVersionTagAdmin(VersionPartAdmin):
    list_display = ("key", "value", "version")
    order_in_owner = ("key",)


@admin.register(Content)
class ContentAdmin(VersionPartAdmin):
    list_display = ("version", "state", "files_count", "size", "digest", "verified_at")
    list_filter = ("state",)
    fields = (
        "version",
        ("state", "message"),
        ("digest", "files_count", "size"),
        ("sealed_at", "verified_at"),
        "differences",
        ("key_id", "signature"),
        "mlmodel",
        "requirements",
        "listed",
    )
    readonly_fields = ("listed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Content]:
        return super().get_queryset(request).defer("mlmodel", "requirements")

    @admin.display(description="Files")
    def listed(self, content: Content) -> SafeString:
        return links({ContentFile: "content"}, content)


@admin.register(ContentFile)
class ContentFileAdmin(PartAdmin):
    grants = RegistryAdmin.grants
    owner = "content"
    via = "content__version__model"
    order_in_owner = ("path",)
    list_display = ("path", "size", "sha256", "content")
    list_select_related = ("content__version__model",)
    search_fields = ("content__version__model__name",)
    search_help_text = "The name of a model, in full."


@admin.register(Scan)
class ScanAdmin(VersionPartAdmin):
    list_display = ("version", "verdict", "files_count", "scanner", "scanned_at")
    list_filter = ("verdict",)


@admin.register(Sbom)
class SbomAdmin(VersionPartAdmin):
    list_display = ("version", "components_count", "made_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sbom]:
        return super().get_queryset(request).defer("document")


class GrantAdmin(RegistryAdmin):
    """Who holds what, over all models that the reader manages. Changed on the model's own page."""

    via = "content_object"
    at_least = Level.MANAGE
    ordering = ("-pk",)
    search_fields = ("content_object__name",)
    search_help_text = "The name of a model, in full."


@admin.register(RegisteredModelUserGrant)
class UserGrantAdmin(GrantAdmin):
    list_display = ("content_object", "user", "permission")
    list_select_related = ("content_object", "user", "permission__content_type")


@admin.register(RegisteredModelTeamGrant)
class TeamGrantAdmin(GrantAdmin):
    list_display = ("content_object", "group", "permission")
    list_select_related = ("content_object", "group", "permission__content_type")
