"""A workspace registry's calls on webhooks; for administrators, like all calls on webhooks."""

from typing import Any

from apps.registry import limits
from apps.registry.api.workspace import webhook_schemas as schemas
from apps.registry.models import Webhook
from apps.registry.queries import webhooks as queries
from apps.registry.queries.registered_models import get_model
from apps.registry.services import webhooks, workspace_webhooks
from apps.tracking.api.render import without_empty
from mlregistry.errors import InvalidParameter, Unsupported
from mlregistry.levels import Access, Level
from mlregistry.wire.endpoint import Wire, WireRequest, endpoint
from mlregistry.wire.schema import Empty, missing

BASE = "registry-webhooks"
ADMIN = Access.ADMIN


@endpoint(
    "POST", f"{BASE}/create", schemas.CreateRegistryWebhook, requires=ADMIN, returns=schemas.RegistryWebhookAnswer
)
def create_registry_webhook(request: WireRequest[schemas.CreateRegistryWebhook]) -> Wire:
    body = request.body
    _refuse_jobs(body.job_spec)
    if body.http_url_spec is None:
        raise missing("http_url_spec")
    made = workspace_webhooks.create(
        events=body.events,
        model=get_model(request.user, body.model_name, at_least=Level.READ) if body.model_name else None,
        description=body.description,
        status=body.status,
        by=request.actor,
        **_spec(body.http_url_spec),
    )
    return {"webhook": _shown(made)}


@endpoint("GET", f"{BASE}/list", schemas.ListRegistryWebhooks, requires=ADMIN, returns=schemas.RegistryWebhookPage)
def list_registry_webhooks(request: WireRequest[schemas.ListRegistryWebhooks]) -> Wire:
    body = request.body
    if not 1 <= body.max_results <= limits.WEBHOOKS_PAGE:
        raise InvalidParameter(f"max_results must be between 1 and {limits.WEBHOOKS_PAGE}.")
    page = queries.list_workspace_webhooks(
        request.user,
        events=[event.value for event in body.events],
        model_name=body.model_name,
        max_results=body.max_results,
        page_token=body.page_token,
    )
    return without_empty({"webhooks": [_shown(row) for row in page.rows], "next_page_token": page.next_page_token})


@endpoint(
    "PATCH", f"{BASE}/update", schemas.UpdateRegistryWebhook, requires=ADMIN, returns=schemas.RegistryWebhookAnswer
)
def update_registry_webhook(request: WireRequest[schemas.UpdateRegistryWebhook]) -> Wire:
    body = request.body
    _refuse_jobs(body.job_spec)
    changed = workspace_webhooks.update(
        webhook=queries.get_workspace_webhook(request.user, body.id),
        events=body.events,
        description=body.description,
        status=body.status,
        by=request.actor,
        **(_spec(body.http_url_spec) if body.http_url_spec else {}),
    )
    return {"webhook": _shown(changed)}


@endpoint("DELETE", f"{BASE}/delete", schemas.NameRegistryWebhook, requires=ADMIN, returns=Empty)
def delete_registry_webhook(request: WireRequest[schemas.NameRegistryWebhook]) -> Wire:
    webhooks.delete(webhook=queries.get_workspace_webhook(request.user, request.body.id), by=request.actor)
    return {}


@endpoint("POST", f"{BASE}/test", schemas.TestRegistryWebhook, requires=ADMIN, returns=schemas.RegistryWebhookTested)
def test_registry_webhook(request: WireRequest[schemas.TestRegistryWebhook]) -> Wire:
    webhook = queries.get_workspace_webhook(request.user, request.body.id)
    outcome = workspace_webhooks.test(webhook=webhook, event=request.body.event, by=request.actor)
    answered = {"status_code": outcome.status} if outcome.status else {}
    return answered | without_empty({"body": outcome.error})


def _refuse_jobs(job_spec: Any) -> None:
    if job_spec:
        raise Unsupported("This server runs no jobs of a workspace: give an http_url_spec, and no job_spec.")


def _spec(asked: schemas.HttpUrlSpec) -> dict[str, Any]:
    return {
        "url": asked.url,
        "authorization": asked.authorization,
        "secret": asked.secret,
        "verifies_tls": asked.enable_ssl_verification,
    }


def _shown(row: Webhook) -> Wire:
    return without_empty(
        {
            "id": str(row.webhook_id),
            "events": row.events,
            "status": row.status,
            "http_url_spec": {"url": row.url, "enable_ssl_verification": row.verifies_tls},
            "creation_timestamp": row.creation_time,
            "last_updated_timestamp": row.last_updated_time,
            "model_name": row.model.name if row.model else "",
            "description": row.description,
        }
    )
