"""Voting on change requests, commenting on them and withdrawing them."""

import re

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.governance import announcing
from apps.governance.choices import Decision, State
from apps.governance.models import ChangeRequest, Comment, Vote
from apps.governance.queries.eligibility import Jury
from apps.governance.services.deciding import Refusal, end, locked, ready_to_vote, settle, verify_bytes
from mlregistry.actor import Actor
from mlregistry.errors import BadRequest, InvalidParameter, PermissionDenied

LONGEST_COMMENT = 65_536
_MENTION = re.compile(r"(?<![\w.@])@([\w.+-]+[\w+-])")


def vote(
    *,
    request: ChangeRequest,
    voter: User,
    decision: Decision,
    by: Actor,
    comment: str = "",
    seen: str | None = None,
) -> ChangeRequest:
    """Say yes or no, once. The last yes that is needed applies the change, in the same transaction; a no ends it.

    `seen` is the digest of the evidence that the voter was shown: another one is refused, also where there was none to
    show yet; None is for wires that have no word for it. `BadRequest` says why a
    request takes no votes (any more), `PermissionDenied` why this person's does not count.
    """
    _check_comment(comment, required=decision == Decision.REJECT)
    if decision == Decision.APPROVE and request.is_live and request.evidence_digest:
        verify_bytes(request)
    with transaction.atomic():
        row = locked(request)
        refusal = ready_to_vote(row) or _not_votable(row, seen)
        if refusal is None:
            _cast(row, voter, decision, comment, by=by)
    if refusal is not None:
        raise BadRequest(refusal.message)
    return row


def cancel(*, request: ChangeRequest, user: User, by: Actor, comment: str = "") -> ChangeRequest:
    """Withdraw a request: its requester, the owner of a service account that asked, or an administrator."""
    _check_comment(comment)
    with transaction.atomic():
        row = locked(request)
        if not (user.is_superuser or by.username in (row.requester, row.requester_owner)):
            raise PermissionDenied(f"Only {row.requester} or an administrator can withdraw change request {row.pk}.")
        if not row.is_live:
            raise BadRequest(f"Change request {row.pk} is {row.state} already.")
        end(row, State.CANCELLED, by=by, outcome=comment)
    return row


@transaction.atomic
def add_comment(*, request: ChangeRequest, text: str, by: Actor) -> Comment:
    """Say something about a request; whom it names with @ is told."""
    _check_comment(text, required=True)
    comment = Comment.objects.create(
        request=request,
        object_type=request.object_type,
        object_id=request.object_id,
        subject_id=request.subject_id,
        author=by.username,
        author_id=by.user_id,
        text=text,
        mentions=mentioned(text),
        written_at=timezone.now(),
    )
    audit.record("governance.comment.create", target=request, by=by, comment=comment.pk)
    told = {"comment": comment.pk, "mentions": comment.mentions, "by": by.username}
    if comment.mentions:
        announcing.announce(announcing.Event.MENTIONED, request, **told)
    announcing.announce(announcing.Event.COMMENTED, request, **told)
    return comment


@transaction.atomic
def add_comment_about(
    *, target: Model, object_type: str, object_id: int, subject_id: int, text: str, by: Actor
) -> Comment:
    """Say something about what requests are about, asked for or not; `target` is that, for the record."""
    _check_comment(text, required=True)
    comment = Comment.objects.create(
        object_type=object_type,
        object_id=object_id,
        subject_id=subject_id,
        author=by.username,
        author_id=by.user_id,
        text=text,
        mentions=mentioned(text),
        written_at=timezone.now(),
    )
    audit.record("governance.comment.create", target=target, by=by, comment=comment.pk)
    return comment


@transaction.atomic
def edit_comment(*, comment: Comment, text: str, by: Actor) -> Comment:
    """Its author's alone."""
    _own(comment, by)
    _check_comment(text, required=True)
    before, comment.mentions = comment.mentions, mentioned(text)
    comment.text, comment.edited_at = text, timezone.now()
    comment.save(update_fields=["text", "mentions", "edited_at"])
    audit.record("governance.comment.edit", target=comment, by=by, comment=comment.pk)
    if comment.request is not None and (more := sorted({*comment.mentions} - {*before})):
        announcing.announce(
            announcing.Event.MENTIONED, comment.request, comment=comment.pk, mentions=more, by=by.username
        )
    return comment


@transaction.atomic
def delete_comment(*, comment: Comment, by: Actor) -> None:
    """Blank it; that there was one stays to be seen."""
    _own(comment, by)
    comment.text, comment.mentions, comment.deleted_at = "", [], timezone.now()
    comment.save(update_fields=["text", "mentions", "deleted_at"])
    audit.record("governance.comment.delete", target=comment, by=by, comment=comment.pk)


def mentioned(text: str) -> list[str]:
    """Usernames that a text names with @, those that there are."""
    names = set(_MENTION.findall(text))
    return sorted(User.objects.filter(username__in=names).values_list("username", flat=True)) if names else []


def _not_votable(request: ChangeRequest, seen: str | None) -> Refusal | None:
    if request.state != State.OPEN:
        return Refusal(f"Change request {request.pk} has its approvals, and waits for its gates.")
    if seen is not None and seen != request.evidence_digest:
        return Refusal(
            f"Change request {request.pk} is judged on other evidence ({request.evidence_digest[:12]}…) than you were"
            f" shown ({seen[:12] or 'none yet'}). Read it again."
        )
    return None


def _cast(request: ChangeRequest, voter: User, decision: Decision, comment: str, *, by: Actor) -> None:
    jury = Jury(request)
    place = jury.place_of(voter)
    if not place.may:
        raise PermissionDenied(f"{voter.username} cannot vote on change request {request.pk}: {place.why_not}.")
    try:
        with transaction.atomic():
            Vote.objects.create(
                request=request,
                decision=decision,
                voter=voter.username,
                voter_id=voter.pk,
                voter_kind=by.kind.value,
                teams=list(place.teams),
                team_ids=[jury.team_ids[name] for name in place.teams],
                comment=comment,
                evidence_digest=request.evidence_digest,
                cast_at=timezone.now(),
            )
    except IntegrityError:
        raise PermissionDenied(f"{voter.username} cannot vote on change request {request.pk}.") from None
    audit.record(
        f"governance.vote.{decision}",
        target=request,
        by=by,
        object=request.object_name,
        subject=request.subject_name,
        summary=request.summary,
        teams=list(place.teams),
        evidence=request.evidence_digest,
        comment=comment,
    )
    if decision == Decision.REJECT:
        end(request, State.REJECTED, by=by, outcome=comment)
    else:
        settle(request, by=by)


def _own(comment: Comment, by: Actor) -> None:
    if comment.author_id != by.user_id or comment.deleted_at is not None:
        raise PermissionDenied("Only its author can change a comment.")


def _check_comment(text: str, *, required: bool = False) -> None:
    if required and not text.strip():
        raise InvalidParameter("Say why: a comment is needed here.")
    if len(text) > LONGEST_COMMENT:
        raise InvalidParameter(f"A comment has at most {LONGEST_COMMENT:,} characters, not {len(text):,}.")
