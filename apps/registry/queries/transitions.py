"""Transition requests as a workspace registry knows them: open ones, by version and stage."""

from datetime import datetime

from apps.accounts.models import User
from apps.governance.actions import visible_condition
from apps.governance.choices import LIVE, Kind
from apps.governance.models import ChangeRequest, Comment
from apps.governance.queries.requests import live_request
from apps.registry import proposals
from apps.registry.models import ModelVersion
from mlregistry.errors import NotFound

COMMENTS = 500
DIGITS = 18
"""Of a key that every database can look for."""


def open_transitions(version: ModelVersion) -> list[ChangeRequest]:
    """At most one for each stage, the oldest first."""
    found = ChangeRequest.objects.filter(
        state__in=LIVE,
        kind=Kind.CHANGE,
        action=proposals.SET_STAGE,
        object_type=proposals.MODEL_TYPE,
        object_id=version.model_id,
        subject_id=version.pk,
    )
    return list(found.order_by("pk"))


def open_transition(version: ModelVersion, stage: str) -> ChangeRequest:
    found = live_request(proposals.set_stage(version, stage, archive_existing=False).identity)
    if found is None:
        raise NotFound(f"There is no open request to move {version.model.name} version {version.version} to {stage}.")
    return found


def comments_about(version: ModelVersion) -> list[Comment]:
    """What was said about the version itself, in its order; what was said about requests is read with them."""
    said = Comment.objects.filter(object_type=proposals.MODEL_TYPE, object_id=version.model_id, subject_id=version.pk)
    return list(said.filter(request=None).order_by("pk")[:COMMENTS])


def comment_on_a_version(user: User, written: str) -> Comment:
    """The comment of that id, for whoever may read what it is about; one that was deleted is not there."""
    is_key = written.isascii() and written.isdigit() and len(written) <= DIGITS
    about = Comment.objects.filter(visible_condition(user), object_type=proposals.MODEL_TYPE, subject_id__isnull=False)
    found = about.filter(pk=int(written) if is_key else 0, deleted_at=None).first()
    if found is None:
        raise NotFound(f"There is no comment {written[:40]}.")
    return found


def milliseconds(time: datetime) -> int:
    """As the wire has it."""
    return int(time.timestamp() * 1000)
