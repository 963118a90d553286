"""Reading webhooks and what was sent to them: for administrators, to whom alone they exist."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.registry.models import Delivery, Webhook
from mlregistry.errors import NotFound
from mlregistry.wire.keyset import Page, Term, fetch_page

NEWEST_FIRST = (Term("creation_time", int, ascending=False), Term("id", int, ascending=False))


def get_webhook(user: User, webhook_id: str) -> Webhook:
    """One with MLflow's events and ours; a workspace registry's has a wire of its own."""
    return _found(user, webhook_id, is_workspace=False)


def get_workspace_webhook(user: User, webhook_id: str) -> Webhook:
    return _found(user, webhook_id, is_workspace=True)


def list_workspace_webhooks(
    user: User, *, events: Collection[str], model_name: str, max_results: int, page_token: str
) -> Page[Webhook]:
    """Those that are told of one of these events, of that model; all, where none is named."""
    listed = _visible_to(user).filter(is_workspace=True).select_related("model")
    if model_name:
        listed = listed.filter(model__name=model_name)
    if events:
        asked = set(events)
        listed = listed.filter(pk__in=[pk for pk, told in listed.values_list("pk", "events") if asked & set(told)])
    question = ["registry-webhooks", model_name, *sorted(events)]
    return fetch_page(listed, terms=NEWEST_FIRST, limit=max_results, token=page_token, question=question)


def list_webhooks(user: User, *, max_results: int, page_token: str) -> Page[Webhook]:
    """Those that MLflow's clients can read, the newest first."""
    listed = _visible_to(user).filter(is_listed=True, is_workspace=False)
    return fetch_page(listed, terms=NEWEST_FIRST, limit=max_results, token=page_token, question=["webhooks"])


def deliveries_to(user: User, webhook_id: str) -> QuerySet[Delivery]:
    """Everything that was or is to be sent to the webhook."""
    return Delivery.objects.filter(webhook=_found(user, webhook_id))


def get_delivery(user: User, webhook_id: str, delivery_id: str) -> Delivery:
    found = deliveries_to(user, webhook_id).filter(delivery_id=_uuid(delivery_id)).first()
    if found is None:
        raise NotFound(f"Delivery with ID {delivery_id} not found.")
    return found


def _found(user: User, webhook_id: str, **which: bool) -> Webhook:
    found = _visible_to(user).filter(webhook_id=_uuid(webhook_id), **which).select_related("model").first()
    if found is None:
        raise NotFound(f"Webhook with ID {webhook_id} not found.")
    return found


def _visible_to(user: User) -> QuerySet[Webhook]:
    return Webhook.objects.all() if user.is_superuser else Webhook.objects.none()


def _uuid(text: str) -> UUID:
    """The UUID; for what is none the nil UUID, which no row has."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
