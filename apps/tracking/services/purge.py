"""Removing the files and rows of what has been marked as purging. Doing it twice does no harm."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q

from apps.tracking.artifacts.locations import of_experiment, proxied_path
from apps.tracking.artifacts.paths import safe_path
from apps.tracking.artifacts.stores import proxied_store
from apps.tracking.models import (
    Dataset,
    DatasetInput,
    Experiment,
    ExperimentTag,
    InputTag,
    LatestMetric,
    LoggedModel,
    LoggedModelMetric,
    LoggedModelParam,
    LoggedModelTag,
    Metric,
    ModelInput,
    ModelOutput,
    Param,
    Run,
    RunTag,
)
from apps.tracking.models.artifacts import ArtifactFile
from mlregistry.prefixes import begins_with

CHUNK = 10_000
"""Rows that one transaction deletes: writers wait no longer than for these."""

Progress = Callable[[str], None]
_POINT = ("key_id", "step", "timestamp", "value", "is_nan")


def delete_folder_of(identifier: str, location: str) -> bool:
    """Delete the folder that a run or logged model has to itself; False if its files are not this server's to delete.

    `location` ends in the identifier and `artifacts`. A row that says anything else is not believed.
    """
    folder, _, last = location.rpartition("/")
    if last != "artifacts" or folder.rpartition("/")[2] != identifier:
        return False
    return _delete_folder(folder)


def delete_default_folder(experiment: Experiment) -> None:
    """Delete what is left of an experiment's own folder. One that was named by a client may belong to others too."""
    if experiment.artifact_location == of_experiment(experiment.pk):
        _delete_folder(experiment.artifact_location)


def _delete_folder(location: str) -> bool:
    """What is known of the files goes first, so that nothing is ever known of a file that is not there."""
    _delete(ArtifactFile.objects.filter(begins_with("uri", f"{location}/")))
    path = proxied_path(location)
    if not path:
        return False
    proxied_store().delete(safe_path(path))
    return True


def delete_runs(pks: Sequence[int], progress: Progress) -> None:
    """The rows of these runs, theirs last."""
    for pk in pks:
        _delete_points(pk, progress)
    _delete(InputTag.objects.filter(input__run__in=pks))
    for table in (DatasetInput, ModelInput, ModelOutput, LoggedModelMetric, LatestMetric, Param, RunTag):
        _delete(table._default_manager.filter(run__in=pks))
    _delete(Run.objects.filter(pk__in=pks))


def delete_logged_models(pks: Sequence[int]) -> None:
    """The rows of these models, theirs last."""
    for table in (ModelInput, ModelOutput, LoggedModelMetric, LoggedModelParam, LoggedModelTag):
        _delete(table._default_manager.filter(model__in=pks))
    _delete(LoggedModel.objects.filter(pk__in=pks))


def delete_experiment(experiment: Experiment) -> bool:
    """Its rows, unless something of it is left. Grants go with it."""
    if has_content(experiment):
        return False
    for table in (ExperimentTag, Dataset):
        _delete(table._default_manager.filter(experiment=experiment))
    with transaction.atomic():
        Experiment.objects.select_for_update().filter(pk=experiment.pk).first()
        if has_content(experiment):
            return False
        experiment.delete()
    return True


def has_content(experiment: Experiment) -> bool:
    """Whether a run or logged model is in it, or was moved out of it and has its files there."""
    held = Q(experiment=experiment) | Q(located_in=experiment)
    return Run.objects.filter(held).exists() or LoggedModel.objects.filter(held).exists()


def _delete(rows: "models.QuerySet[Any]") -> None:
    deleted = CHUNK
    while deleted >= CHUNK:
        chunk = rows.order_by().values("pk")[:CHUNK]
        deleted, _ = rows.model._default_manager.filter(pk__in=chunk).delete()


def _delete_points(run_pk: int, progress: Progress) -> None:
    """The points have no key of one column to delete a chunk by: find the last of each chunk, and delete up to it."""
    points = Metric.objects.filter(run_id=run_pk).order_by(*_POINT).values_list(*_POINT)
    deleted = 0
    while (last := points[CHUNK - 1 : CHUNK].first()) is not None:
        deleted += _delete_points_where(
            f"run_id = %s AND ({', '.join(_POINT)}) <= (%s, %s, %s, %s, %s)", [run_pk, *last]
        )
        progress(f"{deleted:,} points")
    _delete_points_where("run_id = %s", [run_pk])


def _delete_points_where(condition: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM tracking_metric WHERE {condition}", values)  # noqa: S608  our words only
        return int(cursor.rowcount)
