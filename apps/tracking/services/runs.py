"""Creating, finishing, deleting and restoring runs."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.audit import services as audit
from apps.tracking import limits
from apps.tracking.artifacts import locations
from apps.tracking.choices import PRESENT, Lifecycle, RunStatus
from apps.tracking.clock import now_ms
from apps.tracking.entities import Tag
from apps.tracking.models import Experiment, Run, RunTag
from apps.tracking.names import random_name
from apps.tracking.queries.experiments import check_experiment_is_active
from apps.tracking.queries.runs import RunRow
from apps.tracking.rules import check_length
from apps.tracking.services import run_data
from apps.tracking.services.run_data import RUN_NAME_TAG
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter, NotFound

LOGGED_MODELS_TAG = "mlflow.log-model.history"
_MODEL_INFO = {"artifact_path", "flavors", "utc_time_created", "run_id"}
_MODEL_TAG_KEYS = ("run_id", "artifact_path", "utc_time_created", "model_uuid")


@transaction.atomic
def create_run(
    *, experiment: Experiment, name: str, user_id: str, start_time: int, tags: Sequence[Tag], by: Actor
) -> Run:
    """Start a run. Its name is the given one, else the run name tag's, else made up."""
    check_experiment_is_active(experiment)
    check_length("user_id", user_id, limits.USER_ID)
    for tag in tags:
        check_length("key", tag.key, limits.ENTITY_KEY)
    values = {tag.key: tag.value for tag in tags}
    tagged = values.get(RUN_NAME_TAG, "")
    if name and tagged and name != tagged:
        raise InvalidParameter(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
            f"different values (run_name='{name}', mlflow.runName='{tagged}')."
        )
    name = name or tagged or random_name()
    run_id = uuid.uuid4().hex
    run = Run.objects.create(
        uuid=run_id,
        experiment=experiment,
        name=name,
        user_id=user_id,
        created_by=by.username,
        start_time=start_time,
        artifact_uri=locations.of_run(experiment.artifact_location, run_id),
    )
    values[RUN_NAME_TAG] = tagged or name
    RunTag.objects.bulk_create(RunTag(run=run, key=key, value=value) for key, value in values.items())
    return run


@transaction.atomic
def update_run(*, run: RunRow, status: RunStatus | None, end_time: int | None, name: str) -> Run:
    """Change what is given; an empty name changes nothing."""
    changes: dict[str, Any] = {}
    if status is not None:
        changes["status"] = status.value
    if end_time is not None:
        changes["end_time"] = end_time
    if changes:
        Run.objects.filter(pk=run.pk).update(**changes)
    if name:
        run_data.set_tag(run=run, key=RUN_NAME_TAG, value=name)
    return Run.objects.get(pk=run.pk)


@transaction.atomic
def delete_run(*, run: RunRow, by: Actor) -> None:
    """Mark as deleted; `gc` removes it for good later. Deleting what is deleted changes nothing but the time."""
    _move(run, lifecycle_stage=Lifecycle.DELETED, deleted_time=now_ms())
    audit.record("tracking.run.delete", **_named(run), by=by)


@transaction.atomic
def restore_run(*, run: RunRow, by: Actor) -> None:
    _move(run, lifecycle_stage=Lifecycle.ACTIVE, deleted_time=None)
    audit.record("tracking.run.restore", **_named(run), by=by)


def _named(run: RunRow) -> dict[str, Any]:
    """What the record says of the run: its name can be anybody's, its id and its experiment tell which one it is."""
    target = Run.objects.select_related("experiment").get(pk=run.pk)
    return {"target": target, "run_id": target.uuid, "experiment": target.experiment.name}


def _move(run: RunRow, **changes: Any) -> None:
    """Change the stage, unless `gc` has begun to remove the run since it was read."""
    if not Run.objects.filter(pk=run.pk, lifecycle_stage__in=PRESENT).update(**changes):
        raise NotFound(f"Run with id={run.uuid} not found")


@transaction.atomic
def record_model(*, run: RunRow, model_json: str) -> None:
    """Add a model's description to the run's history of logged models, a tag (`runs/log-model`, MLflow 2's way)."""
    model = _parse_model(model_json)
    held = RunTag.objects.select_for_update().filter(run_id=run.pk, key=LOGGED_MODELS_TAG).first()
    history = json.loads(held.value) if held else []
    value = json.dumps([*history, model])
    RunTag.objects.update_or_create(run_id=run.pk, key=LOGGED_MODELS_TAG, defaults={"value": value})


def _parse_model(model_json: str) -> dict[str, Any]:
    try:
        model = json.loads(model_json)
    except ValueError:
        raise InvalidParameter(f"Malformed model info. \n {model_json} \n is not a valid JSON.") from None
    missing = _MODEL_INFO - set(model if isinstance(model, dict) else ())
    if missing:
        raise InvalidParameter(f"Model json is missing mandatory fields: {missing}")
    flavors = model["flavors"] if isinstance(model["flavors"], dict) else {}
    return {
        **{key: model.get(key) for key in _MODEL_TAG_KEYS},
        "flavors": {name: _without_config(flavor) for name, flavor in flavors.items()},
    }


def _without_config(flavor: Any) -> Any:
    return {key: value for key, value in flavor.items() if key != "config"} if isinstance(flavor, dict) else flavor
