"""What people were told and what left the server, to look at; what could not be sent can be sent again."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.notices.models import Delivery, Notice
from apps.notices.services.sending import send_again
from mlregistry.large_tables import ReadOnlyAdmin
from mlregistry.service_admin import page_actor


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("id", "person", "event", "sentence", "made_at", "read_at")
    list_filter = ("event",)
    list_select_related = ("person",)
    ordering = ("-pk",)
    raw_id_fields = ("person", "request")
    search_fields = ("person__username__exact", "=request__id")
    search_help_text = "A username, or the number of a change request, in full."


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("id", "channel", "state", "attempts", "error", "notice", "due_at", "finished_at")
    list_filter = ("state", "channel")
    list_select_related = ("notice",)
    ordering = ("-pk",)
    raw_id_fields = ("notice",)
    search_fields = ("notice__person__username__exact", "=notice__request__id")
    search_help_text = "A username, or the number of a change request, in full."
    actions = ("again",)

    @admin.action(description="Send again what failed", permissions=["send"])
    def again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        sent = sum(send_again(delivery=row, by=page_actor(request)) for row in queryset)
        self.message_user(request, f"{sent} of the chosen had failed, and are sent again.")

    def has_send_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)
