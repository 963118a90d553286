"""Versions in the admin: described, moved between stages, given aliases, deleted."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from apps.accounts.granted_admin import is_staff, reader
from apps.registry.admin.base import KindOfVersion, RegistryAdmin
from apps.registry.choices import DELETED, stages
from apps.registry.models import CardRevision, Content, ModelVersion, ModelVersionTag, Sbom, Scan
from apps.registry.queries.versions import get_version
from apps.registry.services import versions
from apps.registry.services.inspection import request_inspection
from apps.registry.services.verification import require_intact
from apps.tracking.admin.base import link, links, moment
from mlregistry.actor import Actor
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with
from mlregistry.service_admin import page_actor


class VersionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    """What may be changed of a version: services write what comes of it."""

    current_stage = forms.ChoiceField(label="Stage")
    archive_existing = forms.BooleanField(
        required=False, label="Archive the others", help_text="Move the versions that are in this stage to Archived."
    )
    aliases = forms.CharField(required=False, help_text="Names that point at this version, by commas.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "current_stage" in self.fields:
            self.fields["current_stage"].choices = [(stage, stage) for stage in stages()]  # type: ignore[attr-defined]
            self.initial["aliases"] = ", ".join(sorted(self._held()))

    def _held(self) -> set[str]:
        return set(self.instance.aliases.values_list("name", flat=True))

    def aliases_to_change(self) -> tuple[set[str], set[str]]:
        """Those to set, and those to take away."""
        wanted = {name.strip() for name in self.cleaned_data["aliases"].split(",") if name.strip()}
        held = self._held()
        return wanted - held, held - wanted


@admin.register(ModelVersion)
class ModelVersionAdmin(RegistryAdmin):
    via = "model"
    form = VersionForm
    list_display = ("model", "version", "current_stage", "content_state", "verdict", "user_id", "created")
    list_display_links = ("model", "version")
    list_select_related = ("model", "content")
    list_filter = (KindOfVersion, "current_stage", "content__state")
    ordering = ("-pk",)
    search_fields = ("model__name",)
    search_help_text = "The name of a model, or how it begins; or the id of a run or logged model, in full."
    actions = ("verify", "scan_again", "delete_rows")
    fields = (
        ("model", "version"),
        "description",
        ("current_stage", "archive_existing"),
        "aliases",
        ("user_id", "created", "updated"),
        "source",
        ("run_id", "logged_model_id", "run_link"),
        ("content_state", "verdict"),
        "card",
        "parts",
    )
    readonly_fields = (
        *("model", "version", "user_id", "created", "updated", "source", "run_id", "logged_model_id", "run_link"),
        *("content_state", "verdict", "card", "parts", "named"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        return super().get_queryset(request).exclude(current_stage=DELETED).prefetch_related("scans")

    def get_fields(self, request: HttpRequest, obj: ModelVersion | None = None) -> Any:
        """What only a form can ask is not shown to those who may only read."""
        if obj is not None and self.has_change_permission(request, obj):
            return self.fields
        asked = {("current_stage", "archive_existing"): "current_stage", "aliases": "named"}
        return [asked.get(field, field) for field in self.fields]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_staff(request) and (obj is None or self.level(request, obj) >= Level.EDIT)

    def matching(self, term: str) -> Q:
        return begins_with("model__name", term) | Q(run_id=term) | Q(logged_model_id=term)

    @admin.display(description="Created")
    def created(self, version: ModelVersion) -> object:
        return moment(version.creation_time)

    @admin.display(description="Updated")
    def updated(self, version: ModelVersion) -> object:
        return moment(version.last_updated_time)

    @admin.display(description="Content")
    def content_state(self, version: ModelVersion) -> str:
        content = getattr(version, "content", None)
        return content.get_state_display() if content else "no files"

    @admin.display(description="Scan")
    def verdict(self, version: ModelVersion) -> str:
        newest = max(version.scans.all(), key=lambda scan: scan.pk, default=None)
        return newest.get_verdict_display() if newest else "not scanned"

    @admin.display(description="Aliases")
    def named(self, version: ModelVersion) -> str:
        return ", ".join(alias.name for alias in version.aliases.order_by("name"))

    @admin.display(description="Parts")
    def parts(self, version: ModelVersion) -> SafeString:
        return links(dict.fromkeys((Content, Scan, Sbom, CardRevision, ModelVersionTag), "version"), version)

    @admin.display(description="Card")
    def card(self, version: ModelVersion) -> SafeString:
        address = reverse("admin:registry_cardrevision_add")
        return link(f"{address}?{urlencode({'version': version.pk})}", "read and write the model card")

    def save_model(self, request: HttpRequest, obj: ModelVersion, form: Any, change: bool) -> None:
        held = ModelVersion.objects.select_related("model").get(pk=obj.pk)
        version = get_version(reader(request), held.model.name, str(held.version), at_least=Level.EDIT)
        by, said = page_actor(request), form.cleaned_data
        if "description" in form.changed_data:
            versions.describe_version(version=version, description=said["description"], by=by)
        if "current_stage" in form.changed_data:
            stage, archive = said["current_stage"], said["archive_existing"]
            move = partial(versions.set_stage, version=version, stage=stage, archive_existing=archive, by=by)
            self.attempt(request, move)
        if "aliases" in form.changed_data:
            self._change_aliases(request, version, form, by)

    def _change_aliases(self, request: HttpRequest, version: ModelVersion, form: VersionForm, by: Actor) -> None:
        added, dropped = form.aliases_to_change()
        for alias in sorted(added):
            self.attempt(request, partial(versions.set_alias, version=version, alias=alias, by=by))
        if dropped:  # which asks for more than pointing it elsewhere, like on the wire
            held = get_version(reader(request), version.model.name, str(version.version), at_least=Level.MANAGE)
            for alias in sorted(dropped):
                self.attempt(request, partial(versions.delete_alias, model=held.model, alias=alias, by=by))

    @admin.action(description="Verify the files of the selected versions")
    def verify(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        def act(row: ModelVersion) -> None:
            version = get_version(reader(request), row.model.name, str(row.version), at_least=Level.EDIT)
            require_intact(version=version)

        self.apply(request, queryset, act, done="verified: their files are those that were registered")

    @admin.action(description="Scan the selected versions again")
    def scan_again(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        def act(row: ModelVersion) -> None:
            version = get_version(reader(request), row.model.name, str(row.version), at_least=Level.EDIT)
            request_inspection(version_pk=version.pk, by=page_actor(request), anew=True)

        self.apply(request, queryset, act, done="will be scanned as soon as a worker is free")

    @admin.action(description="Delete the selected versions")
    def delete_rows(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        def act(row: ModelVersion) -> None:
            version = get_version(reader(request), row.model.name, str(row.version), at_least=Level.MANAGE)
            versions.delete_version(version=version, by=page_actor(request))

        self.apply(request, queryset, act, done="deleted; their files stay where they are")
