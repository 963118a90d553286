"""Webhooks in the admin, and what was sent to them. For administrators, like their calls."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.accounts.granted_admin import reader
from apps.registry import limits
from apps.registry.events import EVENTS
from apps.registry.models import Delivery, Webhook
from apps.registry.queries import webhooks as queries
from apps.registry.services import webhooks, workspace_webhooks
from apps.tracking.admin.base import links, moment
from mlregistry.large_tables import ReadOnlyAdmin
from mlregistry.service_admin import ServiceAdmin, page_actor


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    url = forms.CharField(label="URL", max_length=limits.WEBHOOK_URL, help_text="https://… or http://…")
    events = forms.MultipleChoiceField(
        choices=[(name, name) for name in EVENTS], widget=forms.CheckboxSelectMultiple, help_text="What it is told of."
    )
    secret = forms.CharField(
        required=False,
        strip=False,
        max_length=limits.WEBHOOK_SECRET,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Signs its messages. It is never shown; left empty, it stays as it is.",
    )

    class Meta:
        model = Webhook
        fields = ("name", "url", "description", "events", "status")


@admin.register(Webhook)
class WebhookAdmin(ServiceAdmin):
    form = WebhookForm
    list_display = ("name", "url", "status", "told", "created_by", "created")
    list_filter = ("status",)
    ordering = ("-pk",)
    search_fields = ("name", "url")
    actions = ("test",)
    fields = ("name", "url", "description", "status", "events", "secret", "sent")
    readonly_fields = ("sent",)

    def has_change_permission(self, request: HttpRequest, obj: Webhook | None = None) -> bool:
        """A workspace registry's webhook is changed by its own wire, which has words for its events."""
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_workspace)

    @admin.display(description="Told of")
    def told(self, webhook: Webhook) -> str:
        return ", ".join(webhook.events)

    @admin.display(description="Created")
    def created(self, webhook: Webhook) -> object:
        return moment(webhook.creation_time)

    @admin.display(description="Sent")
    def sent(self, webhook: Webhook) -> SafeString | str:
        return links({Delivery: "webhook"}, webhook) if webhook.pk else "Nothing yet."

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        said, by = form.cleaned_data, page_actor(request)
        wanted = {
            "name": said["name"],
            "url": said["url"],
            "description": said["description"],
            "events": [EVENTS[name] for name in said["events"]],
            "status": said["status"],
        }
        if change:
            webhooks.update(webhook=Webhook.objects.get(pk=obj.pk), **wanted, secret=said["secret"] or None, by=by)
        else:
            made = webhooks.create(**wanted, secret=said["secret"], by=by)
            obj.__dict__.update(made.__dict__)

    def delete(self, request: HttpRequest, row: Webhook) -> None:
        webhooks.delete(webhook=row, by=page_actor(request))

    @admin.action(description="Send a test message", permissions=["change"])
    def test(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for webhook in queryset:
            test = workspace_webhooks.test if webhook.is_workspace else webhooks.test
            outcome = test(webhook=webhook, event=None, by=page_actor(request))
            self.message_user(request, f"{webhook.name}: {outcome.error or f'answered {outcome.status}'}.")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "delivery_id",
        "webhook",
        "entity",
        "action",
        "about",
        "state",
        "attempts",
        "response_status",
        "created_at",
    )
    list_filter = ("state", "entity")
    list_select_related = ("webhook",)
    ordering = ("-pk",)
    search_fields = ("about__exact",)
    search_help_text = "The name of a model, in full."
    actions = ("replay",)

    @admin.action(description="Send again", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        for row in queryset.select_related("webhook"):
            found = queries.get_delivery(reader(request), str(row.webhook.webhook_id), str(row.delivery_id))
            webhooks.replay(delivery=found, by=page_actor(request))
        self.message_user(request, "Sent again as soon as a worker is free.")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)
