"""The record, to look at."""

from django.contrib import admin

from apps.audit.models import Entry, Head
from mlregistry.large_tables import ReadOnlyAdmin


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "time", "username", "action", "target_type", "target_name", "address")
    list_filter = ("kind", "time")
    ordering = ("-sequence",)
    # Exact matches use the indexes; a search inside words would read the whole record.
    search_fields = ("username__exact", "action__exact", "target_id__exact", "target_name__exact")
    search_help_text = "A username, an action, or the id or name of what it was done to, in full."


@admin.register(Head)
class HeadAdmin(ReadOnlyAdmin):
    """The end of the chain, in its one row."""

    list_display = ("count", "hash")
