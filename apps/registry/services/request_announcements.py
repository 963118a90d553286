"""What webhooks are told of change requests: a listener of `governance.announcing`."""

from typing import Any

from apps.governance.announcing import Event as Happened
from apps.governance.models import ChangeRequest
from apps.governance.services.opening import address_of
from apps.registry.events import CHANGE_REQUEST, WebhookAction
from apps.registry.services.webhooks import emit

_CALLED = {
    Happened.OPENED: WebhookAction.OPENED,
    Happened.APPROVED: WebhookAction.APPROVED,
    Happened.STALE: WebhookAction.STALE,
    Happened.BREAK_GLASS: WebhookAction.GLASS_BROKEN,
    Happened.REVALIDATION_DUE: WebhookAction.REVALIDATION_DUE,
    Happened.TAKEN_BACK: WebhookAction.TAKEN_BACK,
}
"""The rest concerns people, who are told one by one."""


def tell(happened: Happened, request: ChangeRequest, details: dict[str, Any]) -> None:
    """Whoever asked for what happens to this request, about what it is about."""
    action = WebhookAction(request.state.upper()) if happened is Happened.DECIDED else _CALLED.get(happened)
    if action is not None:
        emit(CHANGE_REQUEST[action], about=request.object_name, data=_told(request, details))


def _told(request: ChangeRequest, details: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(request.pk),
        "kind": str(request.kind),
        "state": str(request.state),
        "action": request.action,
        "object": request.object_name,
        "subject": request.subject_name,
        "target": request.target,
        "summary": request.summary,
        "requester": request.requester,
        "by": str(details.get("by") or request.ended_by or request.requester),
        "outcome": request.outcome,
        "valid_until": request.valid_until.isoformat() if request.valid_until else None,
        "url": address_of(request),
    }
