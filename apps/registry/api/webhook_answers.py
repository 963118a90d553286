"""What the webhook calls answer with. The secret is in none of them."""

from apps.registry.choices import WebhookStatus
from apps.registry.events import WebhookAction, WebhookEntity
from mlregistry.wire.answers import Answer


class ShownEvent(Answer, kw_only=True):
    entity: WebhookEntity
    action: WebhookAction


class ShownWebhook(Answer, kw_only=True):
    webhook_id: str
    name: str
    url: str
    events: list[ShownEvent]
    status: WebhookStatus
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""


class WebhookAnswer(Answer, kw_only=True):
    webhook: ShownWebhook


class WebhookPage(Answer, kw_only=True):
    webhooks: list[ShownWebhook] = []
    next_page_token: str = ""


class WebhookTestResult(Answer, kw_only=True):
    """The receiver's own words are not among it: whoever tests an address does not get to read what is there."""

    success: bool
    response_status: int = 0
    error_message: str = ""


class WebhookTestAnswer(Answer, kw_only=True):
    result: WebhookTestResult
