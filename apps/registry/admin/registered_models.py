"""Registered models and prompts in the admin: described, renamed, deleted, and given to people and teams."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.accounts.grant_inlines import GrantingAdmin, grant_inlines
from apps.accounts.granted_admin import is_staff, reader
from apps.registry.admin.base import Kind
from apps.registry.models import Alias, ModelVersion, RegisteredModel, RegisteredModelTag
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model
from apps.registry.services import registered_models
from apps.tracking.admin.base import links, moment
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with
from mlregistry.service_admin import page_actor


@admin.register(RegisteredModel)
class RegisteredModelAdmin(GrantingAdmin):
    grants = MODEL_GRANTS
    list_display = ("name", "last_version", "created_by", "updated", "versions")
    list_filter = (Kind,)
    ordering = ("name",)
    search_fields = ("name",)
    search_help_text = "The name of a model, or how it begins."
    actions = ("delete_rows",)
    inlines = grant_inlines(MODEL_GRANTS)
    fields = ("name", "description", ("created_by", "created", "updated"), ("is_prompt", "last_version"), "content")
    readonly_fields = ("created_by", "created", "updated", "is_prompt", "last_version", "content")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_staff(request) and (obj is None or self.level(request, obj) >= Level.EDIT)

    def matching(self, term: str) -> Q:
        return begins_with("name", term)

    @admin.display(description="Created")
    def created(self, model: RegisteredModel) -> object:
        return moment(model.creation_time)

    @admin.display(description="Updated")
    def updated(self, model: RegisteredModel) -> object:
        return moment(model.last_updated_time)

    @admin.display(description="Versions")
    def versions(self, model: RegisteredModel) -> SafeString:
        return links({ModelVersion: "model"}, model)

    @admin.display(description="Content")
    def content(self, model: RegisteredModel) -> SafeString:
        return links(dict.fromkeys((ModelVersion, Alias, RegisteredModelTag), "model"), model)

    def managed(self, request: HttpRequest, row: Model) -> RegisteredModel:
        held = RegisteredModel.objects.get(pk=row.pk)  # the form may have changed the name of `row`
        return get_model(reader(request), held.name, at_least=Level.MANAGE)

    def save_model(self, request: HttpRequest, obj: RegisteredModel, form: Any, change: bool) -> None:
        held = RegisteredModel.objects.get(pk=obj.pk)
        model, by = get_model(reader(request), held.name, at_least=Level.EDIT), page_actor(request)
        if "description" in form.changed_data:
            registered_models.describe_model(model=model, description=obj.description, by=by)
        if "name" in form.changed_data:
            rename = partial(registered_models.rename_model, model=model, name=obj.name, by=by)
            self.attempt(request, rename)

    @admin.action(description="Delete the selected models, with their versions")
    def delete_rows(self, request: HttpRequest, queryset: QuerySet[RegisteredModel]) -> None:
        def act(row: RegisteredModel) -> None:
            registered_models.delete_model(model=self.managed(request, row), by=page_actor(request))

        self.apply(request, queryset, act, done="deleted; their files stay where they are")
