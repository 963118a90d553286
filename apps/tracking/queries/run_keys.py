"""The keys that the runs of an experiment log, and which of them are worth a column."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from apps.tracking.choices import Lifecycle
from apps.tracking.columns import Column
from apps.tracking.models import Experiment, LatestMetric, Param, Run, RunTag

LOOKED_AT = 300
"""The newest runs, which tell what an experiment logs; more would take longer than they are worth."""
MOST = 500
"""Keys of one kind."""
_DEFAULT = ("attributes.status", "attributes.start_time", "attributes.duration", "attributes.user_id")
_DEFAULT_METRICS, _DEFAULT_PARAMS = 4, 4
_OF_THE_MACHINE = ("system/", "mlflow.")


@dataclass(frozen=True, slots=True)
class Key:
    """How many of the runs looked at have the key, and with how many values."""

    name: str
    runs: int
    values: int = 0


@dataclass(frozen=True, slots=True)
class RunKeys:
    """Sorted by name. For whoever may read the experiment, which the caller has asked."""

    metrics: list[Key]
    params: list[Key]
    tags: list[Key]

    def default_columns(self) -> tuple[Column, ...]:
        """What the most runs have; params that tell runs apart before those that are the same everywhere."""
        metrics = sorted(_people_s(self.metrics), key=lambda key: -key.runs)[:_DEFAULT_METRICS]
        params = sorted(_people_s(self.params), key=lambda key: (key.values < 2, -key.runs))[:_DEFAULT_PARAMS]  # noqa: PLR2004
        return (
            *(Column(*written.split(".")) for written in _DEFAULT),
            *(Column("metrics", key.name) for key in metrics),
            *(Column("params", key.name) for key in params),
        )


def keys_of(experiment: Experiment) -> RunKeys:
    newest = Run.objects.filter(experiment=experiment, lifecycle_stage=Lifecycle.ACTIVE).order_by("-start_time", "uuid")
    runs = list(newest.values_list("pk", flat=True)[:LOOKED_AT])
    metrics = LatestMetric.objects.filter(run__in=runs).values_list("key__name").annotate(runs=Count("pk"))
    params = _pairs(Param, runs)
    tags = _pairs(RunTag, runs)
    return RunKeys(
        metrics=[Key(*row) for row in metrics.order_by("key__name")[:MOST]],
        params=params,
        tags=tags,
    )


def every_key_of(experiment: Experiment, most: int) -> dict[str, list[str]]:
    """All keys of all its runs, at most so many of each kind, by how columns of them begin."""
    runs = Run.objects.filter(experiment=experiment).values("pk")
    metrics = LatestMetric.objects.filter(run__in=runs).order_by("key__name").values_list("key__name", flat=True)
    found = {"metrics": list(metrics.distinct()[:most])}
    for prefix, table in (("params", Param), ("tags", RunTag)):
        rows: QuerySet[Any] = table._default_manager.filter(run__in=runs).order_by("key")
        found[prefix] = list(rows.values_list("key", flat=True).distinct()[:most])
    return found


def _pairs(table: type[Param | RunTag], runs: list[int]) -> list[Key]:
    rows: QuerySet[Any] = table._default_manager.filter(run__in=runs)
    counted = rows.values_list("key").annotate(runs=Count("pk"), values=Count("value", distinct=True))
    return [Key(*row) for row in counted.order_by("key")[:MOST]]


def _people_s(keys: list[Key]) -> list[Key]:
    """The keys that people log, not what the client adds by itself."""
    return [key for key in keys if not key.name.startswith(_OF_THE_MACHINE)]
