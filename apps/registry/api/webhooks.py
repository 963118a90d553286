"""The wire's calls on webhooks."""

from collections.abc import Sequence

from apps.registry import limits
from apps.registry.api import webhook_answers as answers
from apps.registry.api import webhook_render as render
from apps.registry.api import webhook_schemas as schemas
from apps.registry.events import Event, event_of
from apps.registry.queries import webhooks as queries
from apps.registry.services import webhooks
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Access
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty

PAGE = 100


@endpoint("POST", "webhooks", schemas.CreateWebhook, requires=Access.ADMIN, returns=answers.WebhookAnswer)
def create_webhook(request: WireRequest[schemas.CreateWebhook]) -> Wire:
    body = request.body
    made = webhooks.create(
        name=body.name,
        url=body.url,
        events=_events(body.events),
        description=body.description,
        secret=body.secret,
        status=body.status,
        by=request.actor,
    )
    return {"webhook": render.webhook(made)}


@endpoint("GET", "webhooks", schemas.ListWebhooks, requires=Access.ADMIN, returns=answers.WebhookPage)
def list_webhooks(request: WireRequest[schemas.ListWebhooks]) -> Wire:
    size = request.body.max_results or PAGE
    if not 1 <= size <= limits.WEBHOOKS_PAGE:
        raise InvalidParameter(f"max_results must be between 1 and {limits.WEBHOOKS_PAGE}.")
    page = queries.list_webhooks(request.user, max_results=size, page_token=request.body.page_token)
    shown: Wire = {"webhooks": [render.webhook_in_list(row) for row in page.rows]} if page.rows else {}
    return shown | ({"next_page_token": page.next_page_token} if page.next_page_token else {})


@endpoint("GET", "webhooks/{webhook_id}", schemas.NameWebhook, requires=Access.ADMIN, returns=answers.WebhookAnswer)
def get_webhook(request: WireRequest[schemas.NameWebhook]) -> Wire:
    return {"webhook": render.webhook(queries.get_webhook(request.user, request.body.webhook_id))}


@endpoint("PATCH", "webhooks/{webhook_id}", schemas.UpdateWebhook, requires=Access.ADMIN, returns=answers.WebhookAnswer)
def update_webhook(request: WireRequest[schemas.UpdateWebhook]) -> Wire:
    body = request.body
    changed = webhooks.update(
        webhook=queries.get_webhook(request.user, body.webhook_id),
        name=body.name or None,
        url=body.url or None,
        events=_events(body.events) or None,
        description=body.description,
        secret=body.secret,
        status=body.status,
        by=request.actor,
    )
    return {"webhook": render.webhook(changed)}


@endpoint("DELETE", "webhooks/{webhook_id}", schemas.NameWebhook, requires=Access.ADMIN, returns=Empty)
def delete_webhook(request: WireRequest[schemas.NameWebhook]) -> Wire:
    webhooks.delete(webhook=queries.get_webhook(request.user, request.body.webhook_id), by=request.actor)
    return {}


@endpoint(
    "POST",
    "webhooks/{webhook_id}/test",
    schemas.TestWebhook,
    requires=Access.ADMIN,
    returns=answers.WebhookTestAnswer,
)
def test_webhook(request: WireRequest[schemas.TestWebhook]) -> Wire:
    asked = request.body.event
    outcome = webhooks.test(
        webhook=queries.get_webhook(request.user, request.body.webhook_id),
        event=event_of(asked.entity, asked.action) if asked else None,
        by=request.actor,
    )
    return {"result": render.test_result(outcome)}


def _events(named: Sequence[schemas.WebhookEvent]) -> list[Event]:
    return [event_of(event.entity, event.action) for event in named]
