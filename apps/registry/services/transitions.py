"""Transition requests: asked for, decided and withdrawn as change requests, by version and stage.

Where a policy protects the stage, its terms decide. Where none does, whoever may edit can still ask first, as in a
workspace registry: then somebody else who manages the model decides (`opening.ask_somebody` says why).
"""

from django.db import transaction

from apps.accounts.models import User
from apps.governance.choices import Decision, State
from apps.governance.models import ChangeRequest, Comment
from apps.governance.queries.eligibility import Jury
from apps.governance.services import deciding, voting
from apps.governance.services.opening import ask_somebody
from apps.registry import proposals
from apps.registry.choices import stage_named
from apps.registry.models import ModelVersion
from apps.registry.queries.transitions import open_transition
from apps.registry.services import announcements
from apps.registry.services.versions import check_archiving
from mlregistry.actor import Actor
from mlregistry.errors import BadRequest, NotFound, PermissionDenied
from mlregistry.levels import Level


def ask(*, version: ModelVersion, stage: str, comment: str, by: Actor) -> ChangeRequest:
    """Open the request, or find the one that is open for this stage. Whether others are archived, who approves says."""
    proposal = proposals.set_stage(version, stage_named(stage), archive_existing=False)
    return ask_somebody(proposal, by=by, reason=comment)


def approve(
    *, version: ModelVersion, stage: str, archive_existing: bool, voter: User, comment: str, by: Actor
) -> ChangeRequest:
    """Vote for it. That it had its votes but could not be carried out is an error, since nothing has moved."""
    stage = stage_named(stage)
    check_archiving(stage, archive_existing=archive_existing)
    request = _asking_for(open_transition(version, stage), archive_existing, voter, by)
    voted = voting.vote(request=request, voter=voter, decision=Decision.APPROVE, by=by, comment=comment)
    if voted.state == State.FAILED:
        raise BadRequest(f"Change request {voted.pk} is approved, but could not be carried out: {voted.outcome}")
    return voted


def reject(*, version: ModelVersion, stage: str, voter: User, comment: str, by: Actor) -> ChangeRequest:
    request = open_transition(version, stage_named(stage))
    return voting.vote(request=request, voter=voter, decision=Decision.REJECT, by=by, comment=comment)


def withdraw(*, version: ModelVersion, stage: str, creator: str, user: User, comment: str, by: Actor) -> ChangeRequest:
    request = open_transition(version, stage_named(stage))
    if request.requester != creator:
        raise NotFound(f"There is no open request of {creator} to {request.summary}.")
    return voting.cancel(request=request, user=user, by=by, comment=comment)


@transaction.atomic
def comment_on(*, version: ModelVersion, text: str, by: Actor) -> Comment:
    made = voting.add_comment_about(
        target=version,
        object_type=proposals.MODEL_TYPE,
        object_id=version.model_id,
        subject_id=version.pk,
        text=text,
        by=by,
    )
    announcements.commented(version, by.username, text)
    return made


def _asking_for(request: ChangeRequest, archive_existing: bool, voter: User, by: Actor) -> ChangeRequest:
    """The request with others archived or not, as the first who approves says.

    Whoever asks has no word for it on this wire. It takes a vote that counts, and EDIT, with which the voter could
    archive those versions anyway; once somebody has voted, the others vote on the same.
    """
    if request.payload["archive_existing"] == archive_existing:
        return request
    jury = Jury(request)
    if not jury.place_of(voter).may:
        return request  # the vote is refused, and says why
    asked = "archives" if request.payload["archive_existing"] else "does not archive"
    if jury.level_of(voter) < Level.EDIT:
        raise PermissionDenied(
            f"Change request {request.pk} {asked} the versions that are there. To have it otherwise takes EDIT on"
            f" {request.object_name}; approve it as it is, or reject it."
        )
    return deciding.ask_otherwise(
        request=request,
        payload={"archive_existing": archive_existing},
        why=f"It {asked} the versions that are there, which {by.username} would have otherwise.",
        by=by,
    )
