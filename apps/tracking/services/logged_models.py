"""Creating, finishing, tagging and deleting logged models."""

import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from apps.audit import services as audit
from apps.tracking import limits
from apps.tracking.artifacts import locations
from apps.tracking.choices import PRESENT, Lifecycle, LoggedModelStatus
from apps.tracking.clock import now_ms
from apps.tracking.entities import Param, Tag
from apps.tracking.models import Experiment, LoggedModel, LoggedModelParam, LoggedModelTag
from apps.tracking.names import random_name
from apps.tracking.queries.experiments import check_experiment_is_active
from apps.tracking.rules import check_length, check_logged_model_name
from mlregistry.actor import Actor
from mlregistry.errors import AlreadyExists, NotFound


@transaction.atomic
def create_logged_model(
    *,
    experiment: Experiment,
    name: str | None,
    model_type: str,
    source_run_id: str,
    params: Sequence[Param],
    tags: Sequence[Tag],
    by: Actor,
) -> LoggedModel:
    """Announce a model; it is pending until its files are there and it is finalised."""
    if name is not None:
        check_logged_model_name(name)
    check_length("model_type", model_type, limits.LOGGED_MODEL_NAME)
    check_experiment_is_active(experiment)
    model_id = f"m-{uuid.uuid4().hex}"
    now = now_ms()
    model = LoggedModel.objects.create(
        model_id=model_id,
        experiment=experiment,
        name=name or random_name(),
        artifact_location=locations.of_logged_model(experiment.artifact_location, model_id),
        creation_timestamp=now,
        last_updated_timestamp=now,
        model_type=model_type,
        source_run_id=source_run_id,
        created_by=by.username,
    )
    log_params(model=model, params=params)
    if tags:
        set_tags(model=model, tags=tags)
    return model


@transaction.atomic
def log_params(*, model: LoggedModel, params: Sequence[Param]) -> None:
    """Add params; unlike tags they are written once."""
    for param in params:
        check_length("Param key", param.key, limits.ENTITY_KEY)
        check_length("Param value", param.value, limits.PARAM_VALUE)
    try:
        with transaction.atomic():
            LoggedModelParam.objects.bulk_create(
                LoggedModelParam(model=model, key=param.key, value=param.value) for param in params
            )
    except IntegrityError:
        raise AlreadyExists(
            f"A param among {sorted({param.key for param in params})} was already logged for model"
            f" '{model.model_id}'; params are written once."
        ) from None


@transaction.atomic
def set_tags(*, model: LoggedModel, tags: Sequence[Tag]) -> None:
    for tag in tags:
        check_length("key", tag.key, limits.ENTITY_KEY)
        check_length("value", tag.value, limits.TAG_VALUE)
    values = {tag.key: tag.value for tag in tags}
    LoggedModelTag.objects.bulk_create(
        (LoggedModelTag(model=model, key=key, value=values[key]) for key in sorted(values)),
        update_conflicts=True,
        unique_fields=["model", "key"],
        update_fields=["value"],
    )


@transaction.atomic
def delete_tag(*, model: LoggedModel, key: str) -> None:
    deleted, _ = LoggedModelTag.objects.filter(model=model, key=key).delete()
    if not deleted:
        raise NotFound(f"No tag with key {key!r} found for model with ID {model.model_id!r}.")


@transaction.atomic
def finalize_logged_model(*, model: LoggedModel, status: LoggedModelStatus) -> None:
    model.status = status.value
    model.last_updated_timestamp = now_ms()
    model.save(update_fields=["status", "last_updated_timestamp"])


@transaction.atomic
def delete_logged_model(*, model: LoggedModel, by: Actor) -> None:
    """Mark as deleted; `gc` removes it for good later."""
    _move(model, Lifecycle.DELETED)
    audit.record("tracking.logged_model.delete", target=model, by=by)


@transaction.atomic
def restore_logged_model(*, model: LoggedModel, by: Actor) -> None:
    """Bring it back. The wire has no call for this; the admin has."""
    _move(model, Lifecycle.ACTIVE)
    audit.record("tracking.logged_model.restore", target=model, by=by)


def _move(model: LoggedModel, stage: Lifecycle) -> None:
    """Change the stage, unless `gc` has begun to remove the model since it was read."""
    now = now_ms()
    present = LoggedModel.objects.filter(pk=model.pk, lifecycle_stage__in=PRESENT)
    if not present.update(lifecycle_stage=stage, last_updated_timestamp=now):
        raise NotFound(f"Logged model with ID '{model.model_id}' not found.")
    model.lifecycle_stage, model.last_updated_timestamp = stage, now
