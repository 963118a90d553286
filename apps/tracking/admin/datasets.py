"""Datasets in the admin, and which runs took them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.tracking.admin.base import PartAdmin, links
from apps.tracking.models import Dataset, DatasetInput, InputTag


@admin.register(Dataset)
class DatasetAdmin(PartAdmin):
    owner = via = "experiment"
    order_in_owner = ("name", "digest")
    list_display = ("name", "digest", "source_type", "experiment")
    list_select_related = ("experiment",)
    search_fields = ("name",)
    search_help_text = "The name of a dataset, in full."
    readonly_fields = ("taken",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        """Schema and profile may be megabytes each: the list does without."""
        return super().get_queryset(request).defer("source", "schema", "profile")

    @admin.display(description="Taken by")
    def taken(self, dataset: Dataset) -> SafeString:
        return links({DatasetInput: "dataset"}, dataset)


@admin.register(DatasetInput)
class DatasetInputAdmin(PartAdmin):
    owner = "run"
    via = "run__experiment"
    list_display = ("run", "dataset")
    list_select_related = ("run__experiment", "dataset")
    search_fields = ("run__uuid",)
    search_help_text = "The id of a run, in full."
    readonly_fields = ("tagged",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DatasetInput]:
        large = ("source", "schema", "profile")
        return super().get_queryset(request).defer(*(f"dataset__{name}" for name in large))

    @admin.display(description="Tags")
    def tagged(self, taken: DatasetInput) -> SafeString:
        return links({InputTag: "input"}, taken)


@admin.register(InputTag)
class InputTagAdmin(PartAdmin):
    owner = "input"
    via = "input__run__experiment"
    order_in_owner = ("key",)
    list_display = ("key", "value", "run")
    list_select_related = ("input__run__experiment",)
    search_fields = ("input__run__uuid",)
    search_help_text = "The id of a run, in full."

    @admin.display(description="Run")
    def run(self, tag: InputTag) -> str:
        return str(tag.input.run)
