"""Keeping tables of runs under a name, for everybody who may read the experiment."""

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.tracking import limits
from apps.tracking.clock import now_ms
from apps.tracking.models import Experiment, SavedView
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.rules import check_length
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Level


@transaction.atomic
def save_view(*, experiment: Experiment, name: str, state: str, by: Actor) -> SavedView:
    """Keep `state` as `name`, in the place of what whoever saves it kept under that name before."""
    check_length("name", name, limits.SAVED_VIEW_NAME)
    check_length("state", state, limits.SAVED_VIEW_STATE)
    if not name:
        raise InvalidParameter("A view needs a name.")
    Experiment.objects.select_for_update(no_key=True).filter(pk=experiment.pk).first()  # so that none is one too many
    own = SavedView.objects.filter(experiment=experiment, created_by=by.username)
    kept = own.filter(name=name).first()
    if kept is None and own.count() >= limits.SAVED_VIEWS:
        raise InvalidParameter(
            f"You have {limits.SAVED_VIEWS} views of this experiment, which is all; delete one first."
        )
    view = kept or SavedView(experiment=experiment, name=name, created_by=by.username)
    view.state, view.creation_time = state, now_ms()
    view.save()
    audit.record("tracking.saved_view.save", target=view, by=by, experiment=str(experiment.pk), state=state)
    return view


@transaction.atomic
def delete_view(*, experiment: Experiment, pk: int, user: User, by: Actor) -> None:
    """For whoever saved it, and those who MANAGE the experiment."""
    view = SavedView.objects.filter(experiment=experiment, pk=pk).first()
    if view is None:
        raise NotFound("There is no such view.")
    if view.created_by != by.username and EXPERIMENT_GRANTS.level(experiment, user) < Level.MANAGE:
        raise PermissionDenied(
            f"{view.created_by} saved this view: only they or a manager of the experiment delete it."
        )
    audit.record("tracking.saved_view.delete", target=view, by=by, experiment=str(experiment.pk), state=view.state)
    view.delete()
