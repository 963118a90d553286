"""Jobs, to look at; those that have not ended can be cancelled."""

from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import User
from apps.jobs import services
from apps.jobs.models import Job
from mlregistry.errors import InvalidState
from mlregistry.large_tables import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "state", "done", "total", "message", "username", "attempts", "created_at")
    list_filter = ("state", "created_at")
    ordering = ("-id",)
    search_fields = ("kind__exact", "username__exact", "unique_key__exact")
    search_help_text = "A kind of job, a username or a key, in full."
    actions = ("cancel",)

    @admin.action(description="Cancel the selected jobs", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        # The admin lets no one in who is not signed in.
        by = cast("User", request.user).actor(address=request.META.get("REMOTE_ADDR", ""))
        for job in queryset:
            try:
                services.cancel(job=job, by=by)
            except InvalidState as ended:
                self.message_user(request, ended.message, messages.WARNING)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.cancel_job")
