"""Webhooks as the wire spells them."""

from collections.abc import Sequence

from apps.registry.events import EVENTS, Event
from apps.registry.models import Webhook
from apps.registry.services.deliveries import Outcome
from mlregistry.wire.endpoint import Wire


def webhook(row: Webhook) -> Wire:
    return _webhook(row, [EVENTS[name] for name in row.events])


def webhook_in_list(row: Webhook) -> Wire:
    """With MLflow's events alone: one of ours, and a client of MLflow could not read the whole list."""
    return _webhook(row, [event for name in row.events if (event := EVENTS[name]).is_mlflows])


def _webhook(row: Webhook, events: Sequence[Event]) -> Wire:
    shown: Wire = {
        "webhook_id": str(row.webhook_id),
        "name": row.name,
        "url": row.url,
        "events": [{"entity": event.entity, "action": event.action} for event in events],
        "status": row.status,
        "creation_timestamp": row.creation_time,
        "last_updated_timestamp": row.last_updated_time,
    }
    return shown | ({"description": row.description} if row.description else {})


def test_result(outcome: Outcome) -> Wire:
    result: Wire = {"success": not outcome.error}
    if outcome.status:
        result["response_status"] = outcome.status
    if outcome.error:
        result["error_message"] = outcome.error
    return result
