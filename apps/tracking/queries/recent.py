"""The runs that were begun last, and those that failed lately: of all experiments that somebody may read."""

import time
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import User
from apps.tracking.choices import Lifecycle, RunStatus
from apps.tracking.models import LatestMetric, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS

SYSTEM_METRICS = "system/"
AMONG_NEWEST = 5_000
"""Where failures and activity are looked for: no index knows them, and what is older is no news."""
LATELY_MS = 7 * 24 * 3600 * 1000


def recent_runs(user: User, *, limit: int) -> list[Run]:
    """With their experiments, and as `metric` the latest point of one of their metrics: the same for alike runs."""
    runs = list(_readable(user).annotate(metric_pk=Subquery(_first_metric())).order_by("-pk")[:limit])
    shown = [run.metric_pk for run in runs]
    metrics = {metric.run_id: metric for metric in LatestMetric.objects.filter(pk__in=shown).select_related("key")}
    for run in runs:
        run.metric = metrics.get(run.pk)  # type: ignore[attr-defined]  # for whoever shows the run
    return sorted(runs, key=lambda run: run.start_time, reverse=True)


def failed_runs(user: User, *, limit: int) -> list[Run]:
    since = int(time.time() * 1000) - LATELY_MS
    failed = _readable(user).filter(_is_new(), status=RunStatus.FAILED.value, end_time__gt=since)
    return list(failed.order_by("-pk")[:limit])


def active_experiments(user: User, *, limit: int) -> list[dict[str, Any]]:
    """Where the newest runs are: each experiment's id and name, how many of them (`runs`), and when the `last` began.

    What experiments themselves know is when they were renamed or moved, not when somebody worked in them.
    """
    by_experiment = _readable(user).filter(_is_new()).values("experiment_id", "experiment__name")
    counted = by_experiment.annotate(runs=Count("pk"), last=Max("start_time"))
    return [dict(row) for row in counted.order_by("-last", "experiment_id")[:limit]]


def _is_new() -> Q:
    newest = Run.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return Q(pk__gt=newest - AMONG_NEWEST)


def _readable(user: User) -> QuerySet[Run]:
    active = Run.objects.filter(lifecycle_stage=Lifecycle.ACTIVE).select_related("experiment")
    return EXPERIMENT_GRANTS.filter(active, user, via="experiment")


def _first_metric() -> QuerySet[Any]:
    """By the key that this server has known longest, so that runs of one kind show the same one."""
    logged = LatestMetric.objects.filter(run=OuterRef("pk")).exclude(key__name__startswith=SYSTEM_METRICS)
    return logged.order_by("key_id").values("pk")[:1]
