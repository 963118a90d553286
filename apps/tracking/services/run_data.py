"""Writing what a run logs: metrics, params and tags, one at a time or in a batch.

Whoever calls has found the run with `queries.runs.run_to_write`, which checks the level and that the run is active.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from django.db import connection, transaction

from apps.accounts.models import User
from apps.tracking import limits
from apps.tracking.entities import Metric, Param, Tag
from apps.tracking.models import LoggedModelMetric, Run, RunTag
from apps.tracking.queries.keys import known
from apps.tracking.queries.logged_models import model_pks
from apps.tracking.queries.runs import RunRow
from apps.tracking.rules import check_batch, check_length, check_metric, checked_param, checked_tag
from apps.tracking.services.keys import intern
from apps.tracking.services.points import Point, are_written_at_once, storable, write_points
from mlregistry.errors import InvalidParameter, NotFound

RUN_NAME_TAG = "mlflow.runName"


def log_metric(*, run: RunRow, metric: Metric, user: User) -> None:
    """Keep one point; the same point again changes nothing."""
    check_metric(metric.key, metric.timestamp, path="")
    alone = are_written_at_once() and metric.key in known and not metric.model_id
    with nullcontext() if alone else transaction.atomic():
        _write_metrics(run, [metric], user)


def log_param(*, run: RunRow, key: str, value: str) -> None:
    """Keep a param; the same again changes nothing, another value is refused."""
    value = checked_param(key, value)
    with transaction.atomic():
        kept = _insert_params(run, {key: value})
        if kept[key] != value:
            raise InvalidParameter(
                f"Changing param values is not allowed. Param with key='{key}' was already logged with"
                f" value='{kept[key]}' for run ID='{run.uuid}'. Attempted logging new value '{value}'."
            )


@transaction.atomic
def set_tag(*, run: RunRow, key: str, value: str) -> None:
    """Set a tag, in place of the value it may have."""
    _write_tags(run, {key: checked_tag(key, value)})


@transaction.atomic
def delete_tag(*, run: RunRow, key: str) -> None:
    deleted, _ = RunTag.objects.filter(run_id=run.pk, key=key).delete()
    if not deleted:
        raise NotFound(f"No tag with name: {key} in run with id {run.uuid}")


def check_batch_of(*, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[Tag]) -> None:
    """Everything that can be wrong with a batch before its run is looked at."""
    for index, metric in enumerate(metrics):
        check_metric(metric.key, metric.timestamp, path=f"metrics[{index}]")
    for index, param in enumerate(params):
        checked_param(param.key, param.value, path=f"params[{index}]")
    for index, tag in enumerate(tags):
        checked_tag(tag.key, tag.value, path=f"tags[{index}]")
    check_batch(metrics, params, tags)
    keys = [param.key for param in params]
    if len(set(keys)) < len(keys):
        repeated = [key for index, key in enumerate(keys) if key in keys[:index]]
        raise InvalidParameter(
            f"Duplicate parameter keys have been submitted: {repeated}. Please ensure "
            "the request contains only one param value per param key."
        )


@transaction.atomic
def log_batch(
    *, run: RunRow, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[Tag], user: User
) -> None:
    """Keep all of it or, where a param would change, nothing. The batch has passed `check_batch_of`."""
    if params:
        _write_params(run, {param.key: checked_param(param.key, param.value) for param in params})
    if metrics:
        _write_metrics(run, metrics, user)
    if tags:
        _write_tags(run, {tag.key: checked_tag(tag.key, tag.value) for tag in tags})


def _write_metrics(run: RunRow, metrics: Sequence[Metric], user: User) -> None:
    keys = intern({metric.key for metric in metrics})
    points = [Point(keys[metric.key], metric.step, metric.timestamp, *storable(metric.value)) for metric in metrics]
    write_points(run_pk=run.pk, points=points)
    of_models = [metric for metric in metrics if metric.model_id]
    if of_models:
        _write_model_metrics(run, of_models, user)


def _write_model_metrics(run: RunRow, metrics: Sequence[Metric], user: User) -> None:
    pks = model_pks(user, {metric.model_id for metric in metrics})
    rows = []
    # In the order of their key, so that two who write the same wait for each other instead of locking each other out.
    for metric in sorted(metrics, key=lambda metric: (metric.model_id, metric.key, metric.timestamp, metric.step)):
        check_length("dataset_name", metric.dataset_name, limits.DATASET_NAME)
        check_length("dataset_digest", metric.dataset_digest, limits.DATASET_DIGEST)
        value, is_nan = storable(metric.value)
        rows.append(
            LoggedModelMetric(
                model_id=pks[metric.model_id],
                run_id=run.pk,
                key=metric.key,
                step=metric.step,
                timestamp=metric.timestamp,
                value=value,
                is_nan=is_nan,
                dataset_name=metric.dataset_name,
                dataset_digest=metric.dataset_digest,
            )
        )
    LoggedModelMetric.objects.bulk_create(rows, ignore_conflicts=True)


def _write_params(run: RunRow, params: Mapping[str, str]) -> None:
    kept = _insert_params(run, params)
    changed = [
        {"key": key, "old_value": kept[key], "new_value": value} for key, value in params.items() if kept[key] != value
    ]
    if changed:
        raise InvalidParameter(
            f"Changing param values is not allowed. Params were already logged='{changed}' for run ID='{run.uuid}'."
        )


def _insert_params(run: RunRow, params: Mapping[str, str]) -> dict[str, str]:
    """Insert those that are new, and tell what is kept for every key, in one statement: no race can come between."""
    rows = ", ".join(["(%s, %s, %s)"] * len(params))
    values = [field for key in sorted(params) for field in (run.pk, key, params[key])]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tracking_param (run_id, key, value) VALUES {rows} "  # noqa: S608  placeholders only
            "ON CONFLICT (run_id, key) DO UPDATE SET value = tracking_param.value RETURNING key, value",
            values,
        )
        return dict(cursor.fetchall())


def _write_tags(run: RunRow, tags: Mapping[str, str]) -> None:
    tags = dict(tags)
    name = tags.get(RUN_NAME_TAG)
    if name is not None:
        if name:
            Run.objects.filter(pk=run.pk).update(name=name)
        else:  # An empty name is no name: the genuine server keeps the one there is.
            del tags[RUN_NAME_TAG]
    RunTag.objects.bulk_create(
        [RunTag(run_id=run.pk, key=key, value=tags[key]) for key in sorted(tags)],
        update_conflicts=True,
        unique_fields=["run", "key"],
        update_fields=["value"],
    )
