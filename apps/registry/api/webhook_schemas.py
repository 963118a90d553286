"""Requests of the webhook calls, field by field as in the wire's catalogue."""

from apps.registry.choices import WebhookStatus
from apps.registry.events import WebhookAction, WebhookEntity
from mlregistry.wire.schema import Int32, Required, Schema


class WebhookEvent(Schema, kw_only=True):
    entity: WebhookEntity
    action: WebhookAction


class CreateWebhook(Schema, kw_only=True):
    name: Required
    url: Required
    events: list[WebhookEvent]
    description: str = ""
    secret: str = ""
    status: WebhookStatus = WebhookStatus.ACTIVE


class ListWebhooks(Schema, kw_only=True):
    max_results: Int32 = 100
    page_token: str = ""


class NameWebhook(Schema, kw_only=True):
    webhook_id: Required


class UpdateWebhook(NameWebhook, kw_only=True):
    """Empty names, URLs and lists of events change nothing; an empty description or secret takes it away."""

    name: str = ""
    url: str = ""
    events: list[WebhookEvent] = []
    description: str | None = None
    secret: str | None = None
    status: WebhookStatus | None = None


class TestWebhook(NameWebhook, kw_only=True):
    event: WebhookEvent | None = None
