"""What a table shows of a page of runs: the chosen values alone, and what is nested in what.

For runs of an experiment that whoever asks may read.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models.functions import Substr

from apps.tracking.choices import Lifecycle
from apps.tracking.columns import Column
from apps.tracking.models import Experiment, LatestMetric, Param, Run, RunTag
from apps.tracking.models.runs import PARENT_TAG
from apps.tracking.queries.nested_runs import parent_sql

SHOWN_OF_A_VALUE = 200
"""Characters of a param or tag that a table has room for."""
LOOKED_AT_FOR_ORPHANS = 500


@dataclass(slots=True)
class RunValues:
    """By the primary key of the run, then by key."""

    metrics: dict[int, dict[str, float | str]] = field(default_factory=lambda: defaultdict(dict))
    params: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    tags: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))


def values_of(runs: Collection[int], columns: Sequence[Column]) -> RunValues:
    """The values that `columns` show; three statements whatever the columns."""
    found = RunValues()
    keys = {kind: [column.key for column in columns if column.kind == kind] for kind in ("metric", "param", "tag")}
    metrics = LatestMetric.objects.filter(run__in=runs, key__name__in=keys["metric"])
    for run, key, value, is_nan in metrics.values_list("run_id", "key__name", "value", "is_nan"):
        found.metrics[run][key] = "NaN" if is_nan else value
    params = Param.objects.filter(run__in=runs, key__in=keys["param"])
    for run, key, text in params.values_list("run_id", "key", Substr("value", 1, SHOWN_OF_A_VALUE)):
        found.params[run][key] = text
    tags = RunTag.objects.filter(run__in=runs, key__in=[*keys["tag"], PARENT_TAG])
    for run, key, text in tags.values_list("run_id", "key", Substr("value", 1, SHOWN_OF_A_VALUE)):
        found.tags[run][key] = text
    return found


def nested_in(experiment: Experiment, uuids: Sequence[str], stage: Lifecycle) -> dict[str, int]:
    """How many runs are nested in each of these; those in which none is are left out."""
    if not uuids:
        return {}
    begin = parent_sql("t")
    statement = (
        f"SELECT {begin}, COUNT(*) FROM tracking_runtag t JOIN tracking_run r ON r.id = t.run_id"  # noqa: S608  ours
        f" WHERE t.key = '{PARENT_TAG}' AND {begin} IN ({', '.join(['%s'] * len(uuids))})"
        # The plus keeps SQLite from going through all runs of the experiment instead.
        " AND +r.experiment_id = %s AND r.lifecycle_stage = %s GROUP BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*uuids, experiment.pk, stage.value])
        return dict(cursor.fetchall())


def names_of(experiment: Experiment, uuids: Collection[str]) -> dict[str, str]:
    """The names of those of the runs that are in the experiment."""
    found = Run.objects.filter(experiment=experiment, uuid__in=uuids).exclude(lifecycle_stage=Lifecycle.PURGING)
    return dict(found.values_list("uuid", Substr("name", 1, SHOWN_OF_A_VALUE)))


def newest_of(experiment: Experiment) -> str:
    """The id of the run that was started last; empty without runs."""
    active = Run.objects.filter(experiment=experiment, lifecycle_stage=Lifecycle.ACTIVE)
    return active.order_by("-start_time", "uuid").values_list("uuid", flat=True).first() or ""


def has_orphans(experiment: Experiment) -> bool:
    """Whether one of the newest runs is nested in one that is not there: folded under nothing, it would not be seen."""
    newest = Run.objects.filter(experiment=experiment, lifecycle_stage=Lifecycle.ACTIVE).order_by("-start_time", "uuid")
    looked_at = list(newest.values_list("pk", flat=True)[:LOOKED_AT_FOR_ORPHANS])
    nested = RunTag.objects.filter(key=PARENT_TAG, run__in=looked_at)
    parents = {value[:32] for value in nested.values_list("value", flat=True)}
    there = Run.objects.filter(uuid__in=parents, experiment=experiment, lifecycle_stage=Lifecycle.ACTIVE)
    return bool(parents) and there.count() < len(parents)
