"""Logged models in the admin: to look at, delete and restore."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.accounts.granted_admin import reader
from apps.tracking.admin.base import PartAdmin, TrackingAdmin, links, moment
from apps.tracking.choices import PRESENT
from apps.tracking.models import (
    LoggedModel,
    LoggedModelMetric,
    LoggedModelParam,
    LoggedModelTag,
    ModelInput,
    ModelOutput,
)
from apps.tracking.queries.logged_models import get_logged_model
from apps.tracking.services import logged_models
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with
from mlregistry.service_admin import page_actor


@admin.register(LoggedModel)
class LoggedModelAdmin(TrackingAdmin):
    via = "experiment"
    list_display = ("model_id", "name", "experiment", "status", "lifecycle_stage", "created_by", "created")
    list_select_related = ("experiment",)
    list_filter = ("status", "lifecycle_stage")
    ordering = ("-pk",)
    search_fields = ("model_id",)
    search_help_text = "The id of a logged model (m-…), or how it begins; or the id of the run that made it, in full."
    actions = ("delete_rows", "restore_rows")
    fields = (
        ("model_id", "name"),
        "experiment",
        ("status", "status_message", "lifecycle_stage"),
        ("created", "updated"),
        ("created_by", "model_type"),
        "source_run_id",
        "artifact_location",
        "parts",
    )
    readonly_fields = ("created", "updated", "parts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoggedModel]:
        return super().get_queryset(request).filter(lifecycle_stage__in=PRESENT)

    def matching(self, term: str) -> Q:
        return begins_with("model_id", term) if term.startswith("m-") else Q(source_run_id=term)

    @admin.display(description="Created")
    def created(self, model: LoggedModel) -> object:
        return moment(model.creation_timestamp)

    @admin.display(description="Updated")
    def updated(self, model: LoggedModel) -> object:
        return moment(model.last_updated_timestamp)

    @admin.display(description="Parts")
    def parts(self, model: LoggedModel) -> SafeString:
        of = (LoggedModelParam, LoggedModelTag, LoggedModelMetric, ModelInput, ModelOutput)
        return links(dict.fromkeys(of, "model"), model)

    @admin.action(description="Delete the selected logged models")
    def delete_rows(self, request: HttpRequest, queryset: QuerySet[LoggedModel]) -> None:
        def act(row: LoggedModel) -> None:
            model = get_logged_model(reader(request), row.model_id, at_least=Level.MANAGE, deleted=True)
            logged_models.delete_logged_model(model=model, by=page_actor(request))

        self.apply(request, queryset, act, done="deleted; they can be restored until gc removes them")

    @admin.action(description="Restore the selected logged models")
    def restore_rows(self, request: HttpRequest, queryset: QuerySet[LoggedModel]) -> None:
        def act(row: LoggedModel) -> None:
            model = get_logged_model(reader(request), row.model_id, at_least=Level.MANAGE, deleted=True)
            logged_models.restore_logged_model(model=model, by=page_actor(request))

        self.apply(request, queryset, act, done="restored")


class RunAndModelAdmin(PartAdmin):
    """Which run took or made which model. The level is that of the run; a model of another experiment is only named."""

    owner = "run"
    via = "run__experiment"
    list_display: tuple[str, ...] = ("run", "model")
    list_select_related = ("run__experiment", "model")
    search_fields = ("run__uuid",)
    search_help_text = "The id of a run, in full."


@admin.register(ModelInput)
class ModelInputAdmin(RunAndModelAdmin):
    pass


@admin.register(ModelOutput)
class ModelOutputAdmin(RunAndModelAdmin):
    list_display = ("run", "model", "step")
