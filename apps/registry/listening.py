"""What webhooks are told of change requests: those to move a version, and what is said about versions."""

from typing import Any

from apps.governance.announcing import Event, listen
from apps.governance.choices import Kind
from apps.governance.models import ChangeRequest, Comment
from apps.registry import proposals
from apps.registry.models import ModelVersion
from apps.registry.services import announcements, request_announcements


def tell_workspace(event: Event, request: ChangeRequest, details: dict[str, Any]) -> None:
    if request.object_type != proposals.MODEL_TYPE or request.subject_id is None:
        return
    is_transition = request.action == proposals.SET_STAGE and request.kind == Kind.CHANGE
    if not (event is Event.COMMENTED or (event is Event.OPENED and is_transition)):
        return
    version = ModelVersion.objects.select_related("model").get(pk=request.subject_id)
    if event is Event.OPENED:
        announcements.transition_requested(version, request.target, request.requester, request.reason)
    else:
        said = Comment.objects.get(pk=details["comment"])
        announcements.commented(version, said.author, said.text)


def add() -> None:
    listen(request_announcements.tell)
    listen(tell_workspace)
