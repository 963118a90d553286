"""The tables of serving, to look at: images and deployments have pages of their own, which rows lead to."""

from django.contrib import admin
from django.urls import reverse

from apps.serving.models import Deployment, Image, Rollout
from mlregistry.large_tables import ReadOnlyAdmin


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin):
    list_display = ("id", "version", "state", "size", "requested_by", "created_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("version__model",)
    ordering = ("-pk",)
    raw_id_fields = ("version", "job")
    search_fields = ("version__model__name__exact", "digest__exact", "engine_id__exact")
    search_help_text = "The name of a model, the digest of its files, or the image's id, in full."

    def view_on_site(self, obj: Image) -> str:
        return reverse("image", args=[obj.pk])


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ("name", "model", "created_by", "created_at")
    list_select_related = ("model",)
    ordering = ("name",)
    raw_id_fields = ("model",)
    search_fields = ("name", "model__name__exact")
    search_help_text = "Part of a name, or the name of a model in full."

    def view_on_site(self, obj: Deployment) -> str:
        return reverse("deployment", args=[obj.name])


@admin.register(Rollout)
class RolloutAdmin(ReadOnlyAdmin):
    list_display = ("deployment", "number", "version", "state", "requested_by", "created_at", "live_at", "ended_at")
    list_filter = ("state",)
    list_select_related = ("deployment", "version__model")
    ordering = ("-pk",)
    raw_id_fields = ("deployment", "version", "image", "job")
    search_fields = ("deployment__name__exact", "requested_by__exact")
    search_help_text = "The name of a deployment, or a username, in full."

    def view_on_site(self, obj: Rollout) -> str:
        return reverse("deployment", args=[obj.deployment.name])
