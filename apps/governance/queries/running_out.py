"""Approvals that have run out."""

from django.db.models.functions import Now

from apps.governance.actions import action_named, proposal_of
from apps.governance.choices import Kind, State, WhenExpired
from apps.governance.models import ChangeRequest
from apps.governance.queries.policies import terms_of


def run_out_without_builds(*, object_type: str, object_id: int, subject_id: int) -> ChangeRequest | None:
    """The request that still stands, whose approval has run out and whose policy then builds no new images of it.

    None where there is no such request, or where it was approved for another while since.
    """
    over = ChangeRequest.objects.filter(
        state=State.APPLIED,
        taken_back_at=None,
        valid_until__lte=Now(),
        object_type=object_type,
        object_id=object_id,
        subject_id=subject_id,
    )
    renewed = ChangeRequest.objects.filter(kind=Kind.REVALIDATION, state=State.APPLIED).values("parent")
    for request in over.exclude(pk__in=renewed).order_by("pk"):
        if terms_of(request).when_expired == WhenExpired.BLOCK and action_named(request.action).is_done(
            proposal_of(request)
        ):
            return request
    return None
