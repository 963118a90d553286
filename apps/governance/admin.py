"""The tables of governance, to look at: what is asked and decided has pages of its own, which rows lead to."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from apps.governance.models import (
    ChangeRequest,
    Comment,
    Exclusion,
    GateRun,
    LegalHold,
    Policy,
    PolicyRevision,
    Vote,
)
from mlregistry.large_tables import ReadOnlyAdmin


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "summary", "state", "kind", "requester", "opened_at", "ended_at")
    list_filter = ("state", "kind", "action")
    ordering = ("-pk",)
    search_fields = ("requester__exact", "object_name__exact", "target__exact")
    search_help_text = "A username, the name of a model or a policy, or a stage or alias, in full."
    raw_id_fields = ("parent", "revisions")

    def view_on_site(self, obj: Model) -> str:
        return reverse("review", args=[obj.pk])


class OfRequestAdmin(ReadOnlyAdmin):
    """What belongs to a request."""

    ordering = ("-pk",)
    list_select_related = ("request",)
    raw_id_fields = ("request",)
    who = "username"

    def get_search_fields(self, request: Any) -> tuple[str, ...]:
        return ("=request__id", f"{self.who}__exact")

    def view_on_site(self, obj: Any) -> str:
        return reverse("review", args=[obj.request_id])


@admin.register(Vote)
class VoteAdmin(OfRequestAdmin):
    list_display = ("voter", "decision", "request", "teams", "cast_at")
    list_filter = ("decision",)
    who = "voter"
    search_help_text = "The number of a request, or a username, in full."


@admin.register(Exclusion)
class ExclusionAdmin(OfRequestAdmin):
    list_display = ("username", "request", "reason", "had_a_hand")
    search_help_text = "The number of a request, or a username, in full."


@admin.register(GateRun)
class GateRunAdmin(OfRequestAdmin):
    list_display = ("gate", "verdict", "request", "sentence", "finished_at")
    list_filter = ("verdict",)
    who = "gate"
    search_help_text = "The number of a request, or the name of a gate, in full."


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("author", "request", "object_type", "object_id", "written_at", "deleted_at")
    list_select_related = ("request",)
    ordering = ("-pk",)
    raw_id_fields = ("request",)
    search_fields = ("=request__id", "author__exact")
    search_help_text = "The number of a request, or a username, in full."


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    list_display = ("name", "current")
    list_select_related = ("current__policy",)
    ordering = ("name",)
    search_fields = ("name",)

    def view_on_site(self, obj: Model) -> str:
        return reverse("policy", args=[obj.pk])


@admin.register(PolicyRevision)
class PolicyRevisionAdmin(ReadOnlyAdmin):
    list_display = ("policy", "number", "written_by", "written_at", "published_at")
    list_select_related = ("policy",)
    ordering = ("-pk",)
    search_fields = ("policy__name", "written_by__exact")


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    list_display = ("object_name", "subject", "placed_by", "placed_at", "lifted_by", "lifted_at")
    ordering = ("-pk",)
    search_fields = ("object_name", "placed_by__exact")
