"""Experiments in the admin: renamed, deleted, restored, and given to people and teams."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.accounts.grant_inlines import GrantingAdmin, grant_inlines
from apps.accounts.granted_admin import is_staff, reader
from apps.tracking.admin.base import links, moment
from apps.tracking.choices import PRESENT
from apps.tracking.models import (
    Dataset,
    Experiment,
    ExperimentTag,
    LoggedModel,
    Run,
)
from apps.tracking.models.artifacts import ArtifactFile
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.experiments import get_experiment
from apps.tracking.services import experiments
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with
from mlregistry.service_admin import page_actor


@admin.register(Experiment)
class ExperimentAdmin(GrantingAdmin):
    grants = EXPERIMENT_GRANTS
    list_display = ("id", "name", "lifecycle_stage", "created_by", "created", "updated")
    list_display_links = ("id", "name")
    list_filter = ("lifecycle_stage",)
    ordering = ("-pk",)
    search_fields = ("name",)
    search_help_text = "The name of an experiment, or how it begins."
    actions = ("delete_rows", "restore_rows")
    inlines = grant_inlines(EXPERIMENT_GRANTS)
    fields = ("name", "lifecycle_stage", ("created_by", "created", "updated"), "artifact_location", "content")
    readonly_fields = ("lifecycle_stage", "created_by", "created", "updated", "artifact_location", "content")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        return super().get_queryset(request).filter(lifecycle_stage__in=PRESENT)

    def get_readonly_fields(self, request: HttpRequest, obj: Experiment | None = None) -> tuple[str, ...]:
        """A deleted experiment keeps its name, like on the wire."""
        return self.readonly_fields if obj and obj.is_active else ("name", *self.readonly_fields)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_staff(request) and (obj is None or self.level(request, obj) >= Level.EDIT)

    def matching(self, term: str) -> Q:
        return begins_with("name", term)

    @admin.display(description="Created")
    def created(self, experiment: Experiment) -> object:
        return moment(experiment.creation_time)

    @admin.display(description="Updated")
    def updated(self, experiment: Experiment) -> object:
        return moment(experiment.last_update_time)

    @admin.display(description="Content")
    def content(self, experiment: Experiment) -> SafeString:
        of = (Run, LoggedModel, Dataset, ExperimentTag, ArtifactFile)
        return links(dict.fromkeys(of, "experiment"), experiment)

    def save_model(self, request: HttpRequest, obj: Experiment, form: Any, change: bool) -> None:
        if "name" in form.changed_data:
            held = get_experiment(reader(request), str(obj.pk), at_least=Level.EDIT)
            experiments.rename_experiment(experiment=held, name=obj.name, by=page_actor(request))

    def managed(self, request: HttpRequest, row: Model) -> Experiment:
        return get_experiment(reader(request), str(row.pk), at_least=Level.MANAGE)

    @admin.action(description="Delete the selected experiments, with their runs")
    def delete_rows(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        def act(row: Experiment) -> None:
            held = self.managed(request, row)
            experiments.delete_experiment(experiment=held, by=page_actor(request))

        self.apply(request, queryset, act, done="deleted; they can be restored until gc removes them")

    @admin.action(description="Restore the selected experiments, with their runs")
    def restore_rows(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        def act(row: Experiment) -> None:
            held = self.managed(request, row)
            experiments.restore_experiment(experiment=held, by=page_actor(request))

        self.apply(request, queryset, act, done="restored")
