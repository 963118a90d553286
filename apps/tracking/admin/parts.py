"""What runs, logged models and experiments are made of: params, tags, metrics. To look at; clients write them."""

from typing import ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.tracking.admin.base import PartAdmin, TrackingAdmin, link, moment
from apps.tracking.models import (
    ExperimentTag,
    ExperimentTeamGrant,
    ExperimentUserGrant,
    LatestMetric,
    LoggedModelMetric,
    LoggedModelParam,
    LoggedModelTag,
    MetricKey,
    Param,
    RunTag,
    SavedView,
)
from apps.tracking.models.artifacts import ArtifactFile, Seal
from mlregistry.large_tables import ReadOnlyAdmin
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with


class RunPartAdmin(PartAdmin):
    owner = "run"
    via = "run__experiment"
    list_select_related: ClassVar[tuple[str, ...]] = ("run__experiment",)
    search_fields = ("run__uuid",)
    search_help_text = "The id of a run, in full."


class ModelPartAdmin(PartAdmin):
    owner = "model"
    via = "model__experiment"
    list_select_related: ClassVar[tuple[str, ...]] = ("model__experiment",)
    search_fields = ("model__model_id",)
    search_help_text = "The id of a logged model, in full."


@admin.register(Param, RunTag)
class RunPairAdmin(RunPartAdmin):
    list_display = ("key", "value", "run")
    order_in_owner = ("key",)


@admin.register(LoggedModelParam, LoggedModelTag)
class ModelPairAdmin(ModelPartAdmin):
    list_display = ("key", "value", "model")
    order_in_owner = ("key",)


@admin.register(LatestMetric)
class LatestMetricAdmin(RunPartAdmin):
    """The last point of each metric, with a link to all of them."""

    list_display = ("key", "shown", "step", "time", "run", "points")
    list_select_related = ("run__experiment", "key")
    order_in_owner = ("key_id",)
    fields = ("run", "key", "shown", "step", "time", "points")
    readonly_fields = ("shown", "time", "points")

    @admin.display(description="Value")
    def shown(self, metric: LatestMetric) -> str:
        return "NaN" if metric.is_nan else str(metric.value)

    @admin.display(description="Time")
    def time(self, metric: LatestMetric) -> object:
        return moment(metric.timestamp)

    @admin.display(description="Points")
    def points(self, metric: LatestMetric) -> SafeString:
        address = reverse("admin:tracking_run_points", args=[metric.run_id])
        return link(f"{address}?{urlencode({'key': metric.key.name})}", "all points")


@admin.register(LoggedModelMetric)
class LoggedModelMetricAdmin(ModelPartAdmin):
    list_display = ("key", "shown", "step", "time", "dataset_name", "model", "run")
    list_select_related = ("model__experiment", "run")
    order_in_owner = ("key", "timestamp", "step", "run_id")

    @admin.display(description="Value")
    def shown(self, metric: LoggedModelMetric) -> str:
        return "NaN" if metric.is_nan else str(metric.value)

    @admin.display(description="Time")
    def time(self, metric: LoggedModelMetric) -> object:
        return moment(metric.timestamp)


@admin.register(MetricKey)
class MetricKeyAdmin(ReadOnlyAdmin):
    """The names of all metrics there are, whoever logged them; so for administrators alone."""

    list_display = ("name",)
    ordering = ("-pk",)
    search_fields = ("name",)
    search_help_text = "A metric, or how its name begins."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MetricKey], search_term: str
    ) -> tuple[QuerySet[MetricKey], bool]:
        return queryset.filter(begins_with("name", search_term.strip().replace("\0", ""))), False


@admin.register(ExperimentTag)
class ExperimentTagAdmin(PartAdmin):
    owner = via = "experiment"
    order_in_owner = ("key",)
    list_display = ("key", "value", "experiment")
    list_select_related = ("experiment",)
    search_fields = ("experiment__name",)
    search_help_text = "The name of an experiment, in full."


@admin.register(ArtifactFile)
class ArtifactFileAdmin(PartAdmin):
    owner = via = "experiment"
    order_in_owner = ("uri",)
    list_display = ("uri", "size", "uploaded_by", "uploaded")
    list_select_related = ("experiment",)
    search_fields = ("uri",)
    search_help_text = "The location of a file, or how it begins."

    def matching(self, term: str) -> Q:
        return begins_with("uri", term)

    @admin.display(description="Uploaded")
    def uploaded(self, file: ArtifactFile) -> object:
        return moment(file.uploaded_at)


@admin.register(Seal)
class SealAdmin(PartAdmin):
    """Files that nobody may change, and for what they are held."""

    owner = via = "experiment"
    order_in_owner = ("uri",)
    list_display = ("uri", "holder", "run_uuid", "logged_model_id", "sealed")
    list_select_related = ("experiment",)
    search_fields = ("uri",)
    search_help_text = "The location of a file or folder, or how it begins."

    def matching(self, term: str) -> Q:
        return begins_with("uri", term)

    @admin.display(description="Sealed")
    def sealed(self, seal: Seal) -> object:
        return moment(seal.sealed_at)


@admin.register(SavedView)
class SavedViewAdmin(TrackingAdmin):
    via = "experiment"
    list_display = ("name", "experiment", "created_by", "saved")
    list_select_related = ("experiment",)
    ordering = ("-pk",)
    search_fields = ("name",)
    search_help_text = "The name of a view, in full."

    @admin.display(description="Saved")
    def saved(self, view: SavedView) -> object:
        return moment(view.creation_time)


class GrantAdmin(TrackingAdmin):
    """Who holds what, over all experiments that the reader manages. Changed on the experiment's own page."""

    via = "content_object"
    at_least = Level.MANAGE
    ordering = ("-pk",)
    search_fields = ("content_object__name",)
    search_help_text = "The name of an experiment, in full."


@admin.register(ExperimentUserGrant)
class UserGrantAdmin(GrantAdmin):
    list_display = ("content_object", "user", "permission")
    list_select_related = ("content_object", "user", "permission__content_type")


@admin.register(ExperimentTeamGrant)
class TeamGrantAdmin(GrantAdmin):
    list_display = ("content_object", "group", "permission")
    list_select_related = ("content_object", "group", "permission__content_type")
