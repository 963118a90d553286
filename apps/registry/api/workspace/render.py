"""Requests, comments, versions and models as a workspace registry's clients read them."""

from collections.abc import Iterable
from datetime import datetime

from apps.accounts.models import User
from apps.governance.choices import State
from apps.governance.models import ChangeRequest, Comment, Vote
from apps.governance.queries.eligibility import Jury
from apps.governance.queries.told import may_withdraw
from apps.governance.services.opening import said_of
from apps.registry.api import render
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.transitions import milliseconds, open_transitions
from apps.registry.workspace import ActivityType, AvailableAction, EmailSubscription, theirs
from apps.tracking.api.render import without_empty
from mlregistry.levels import Level
from mlregistry.wire.endpoint import Wire


def request(row: ChangeRequest, version: ModelVersion, reader: User) -> Wire:
    """An open request, with what its reader may do about it."""
    jury = Jury(row)
    actions = []
    if row.state == State.OPEN and jury.place_of(reader).may:
        actions += [AvailableAction.APPROVE_TRANSITION_REQUEST, AvailableAction.REJECT_TRANSITION_REQUEST]
    if may_withdraw(reader, row):
        actions.append(AvailableAction.CANCEL_TRANSITION_REQUEST)
    shown = _activity(
        row,
        ActivityType.REQUESTED_TRANSITION,
        key=str(row.pk),
        at=row.opened_at,
        by=row.requester,
        comment=row.reason,
        from_stage=version.current_stage,
    )
    return without_empty(shown | {"system_comment": said_of(row), "available_actions": actions})


def vote(row: Vote, decided: ChangeRequest, version: ModelVersion) -> Wire:
    """What a vote led to: the transition itself where it was the last that was needed."""
    kind = ActivityType.APPROVED_REQUEST
    if decided.state == State.REJECTED:
        kind = ActivityType.REJECTED_REQUEST
    elif decided.state == State.APPLIED:
        kind = ActivityType.APPLIED_TRANSITION
    shown = _activity(
        decided,
        kind,
        key=f"{decided.pk}-{row.pk}",
        at=row.cast_at,
        by=row.voter,
        comment=row.comment,
        from_stage=decided.before.get("stage", version.current_stage),
    )
    return without_empty(shown | {"system_comment": said_of(decided) if decided.is_live else ""})


def withdrawal(row: ChangeRequest, version: ModelVersion) -> Wire:
    return without_empty(
        _activity(
            row,
            ActivityType.CANCELLED_REQUEST,
            key=str(row.pk),
            at=row.ended_at or row.opened_at,
            by=row.ended_by,
            comment=row.outcome,
            from_stage=version.current_stage,
        )
    )


def comment(row: Comment, reader: User) -> Wire:
    own = [AvailableAction.EDIT_COMMENT, AvailableAction.DELETE_COMMENT] if row.author_id == reader.pk else []
    return without_empty(
        {
            "id": str(row.pk),
            "comment": row.text,
            "creation_timestamp": milliseconds(row.written_at),
            "last_updated_timestamp": milliseconds(row.edited_at or row.written_at),
            "user_id": row.author,
            "available_actions": own,
        }
    )


def version(row: ModelVersion, level: Level, reader: User) -> Wire:
    """A version whose model and tags have been read, with its open requests."""
    return render.version_in_list(row) | {
        "open_requests": [request(found, row, reader) for found in open_transitions(row)],
        "permission_level": theirs(level),
        "email_subscription_status": EmailSubscription.DEFAULT,
        "feature_list": {"features": []},
    }


def registered_model(row: RegisteredModel, latest: Iterable[ModelVersion], level: Level) -> Wire:
    shown = render.registered_model(row, latest)
    shown.pop("aliases", None)  # a workspace registry has none
    return shown | {"id": str(row.pk), "user_id": row.created_by, "permission_level": theirs(level)}


def _activity(
    row: ChangeRequest, kind: ActivityType, *, key: str, at: datetime, by: str, comment: str, from_stage: str
) -> Wire:
    return {
        "id": key,
        "activity_type": kind,
        "comment": comment,
        "creation_timestamp": milliseconds(at),
        "last_updated_timestamp": milliseconds(at),
        "from_stage": from_stage,
        "to_stage": row.target,
        "user_id": by,
    }
