"""Creating, renaming, tagging, deleting and restoring experiments."""

from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.audit import services as audit
from apps.tracking.artifacts import locations
from apps.tracking.choices import PRESENT, Lifecycle
from apps.tracking.clock import now_ms
from apps.tracking.entities import Tag
from apps.tracking.models import Experiment, ExperimentTag, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.experiments import check_experiment_is_active
from apps.tracking.rules import check_experiment_name, check_experiment_tag
from mlregistry.actor import Actor
from mlregistry.errors import AlreadyExists, InvalidState, NotFound


@transaction.atomic
def create_experiment(
    *, name: str, artifact_location: str, tags: Sequence[Tag], creator: User, by: Actor
) -> Experiment:
    """Make an experiment. Its creator gets MANAGE on it, or what MLREGISTRY_CREATOR_PERMISSION says.

    Without a location it gets its own folder of the root.
    """
    check_experiment_name(name)
    for tag in tags:
        check_experiment_tag(tag.key, tag.value)
    if artifact_location:
        artifact_location = locations.check_location(artifact_location)
    now = now_ms()
    experiment = Experiment(
        name=name,
        artifact_location=artifact_location,
        creation_time=now,
        last_update_time=now,
        created_by=by.username,
    )
    _save_named(experiment)
    if not artifact_location:
        experiment.artifact_location = locations.of_experiment(experiment.pk)
        experiment.save(update_fields=["artifact_location"])
    values = {tag.key: tag.value for tag in tags}
    ExperimentTag.objects.bulk_create(
        ExperimentTag(experiment=experiment, key=key, value=value) for key, value in values.items()
    )
    EXPERIMENT_GRANTS.set(target=experiment, holder=creator, level=settings.MLREGISTRY_CREATOR_PERMISSION, by=by)
    return experiment


@transaction.atomic
def rename_experiment(*, experiment: Experiment, name: str, by: Actor) -> None:
    check_experiment_name(name)
    if not experiment.is_active:
        raise InvalidState("Cannot rename a non-active experiment.")
    old = experiment.name
    experiment.name = name
    experiment.last_update_time = now_ms()
    _save_named(experiment, update_fields=["name", "last_update_time"])
    audit.record("tracking.experiment.rename", target=experiment, by=by, old=old, new=name)


@transaction.atomic
def delete_experiment(*, experiment: Experiment, by: Actor) -> None:
    """Mark it and its runs as deleted; `gc` removes them for good later."""
    if not experiment.is_active:
        raise NotFound(f"No Experiment with id={experiment.pk} exists")
    _move(experiment, Lifecycle.DELETED)
    now = experiment.last_update_time
    runs = _runs_of(experiment).update(lifecycle_stage=Lifecycle.DELETED, deleted_time=now)
    audit.record("tracking.experiment.delete", target=experiment, by=by, runs=runs)


@transaction.atomic
def restore_experiment(*, experiment: Experiment, by: Actor) -> None:
    """Bring it back with all its runs, those deleted on their own before included, as the genuine server does."""
    if experiment.is_active:
        raise NotFound(f"No Experiment with id={experiment.pk} exists")
    _move(experiment, Lifecycle.ACTIVE)
    runs = _runs_of(experiment).update(lifecycle_stage=Lifecycle.ACTIVE, deleted_time=None)
    audit.record("tracking.experiment.restore", target=experiment, by=by, runs=runs)


@transaction.atomic
def set_experiment_tag(*, experiment: Experiment, key: str, value: str) -> None:
    check_experiment_tag(key, value)
    check_experiment_is_active(experiment)
    ExperimentTag.objects.bulk_create(
        [ExperimentTag(experiment=experiment, key=key, value=value)],
        update_conflicts=True,
        unique_fields=["experiment", "key"],
        update_fields=["value"],
    )


@transaction.atomic
def delete_experiment_tag(*, experiment: Experiment, key: str) -> None:
    check_experiment_is_active(experiment)
    deleted, _ = ExperimentTag.objects.filter(experiment=experiment, key=key).delete()
    if not deleted:
        raise NotFound(f"No tag with name: {key} in experiment with id {experiment.pk}")


def _move(experiment: Experiment, stage: Lifecycle) -> None:
    """Change the stage, unless somebody was faster: two deletions, or `gc`."""
    now = now_ms()
    unchanged = Experiment.objects.filter(pk=experiment.pk, lifecycle_stage=experiment.lifecycle_stage)
    if not unchanged.update(lifecycle_stage=stage, last_update_time=now):
        raise NotFound(f"No Experiment with id={experiment.pk} exists")
    experiment.lifecycle_stage, experiment.last_update_time = stage, now


def _runs_of(experiment: Experiment) -> QuerySet[Run]:
    return Run.objects.filter(experiment=experiment, lifecycle_stage__in=PRESENT)


def _save_named(experiment: Experiment, update_fields: list[str] | None = None) -> None:
    """Save, turning a taken name into the wire's error; the savepoint keeps the transaction usable."""
    try:
        with transaction.atomic():
            experiment.save(update_fields=update_fields)
    except IntegrityError:
        raise AlreadyExists(f"Experiment(name={experiment.name}) already exists.") from None
