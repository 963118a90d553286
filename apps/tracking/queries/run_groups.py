"""Runs gathered by the value of a param or tag, with what their metrics came to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Avg, Count, FilteredRelation, Max, Min, Q, QuerySet

from apps.tracking.columns import Column
from apps.tracking.models import LatestMetric, Param, RunTag

MOST_RUNS = 5_000
"""More are not gathered: who has more filters first."""
MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Spread:
    """What a metric's latest values came to in a group."""

    mean: float | None
    least: float
    most: float


@dataclass(slots=True)
class Group:
    value: str | None
    """None for runs without one."""
    runs: int
    metrics: dict[str, Spread] = field(default_factory=dict)


def groups_of(runs: Sequence[int], by: Column, columns: Sequence[Column]) -> list[Group]:
    """The runs with these primary keys, by `by`, the largest group first."""
    rows: QuerySet[Any] = (Param if by.kind == "param" else RunTag)._default_manager.filter(run__in=runs, key=by.key)
    counts = rows.values_list("value").annotate(runs=Count("pk")).order_by("-runs", "value")
    found = {value: Group(value, count) for value, count in counts}
    rest = len(runs) - sum(group.runs for group in found.values())
    if rest:
        found[None] = Group(None, rest)
    for value, key, mean, least, most in _spreads(runs, by, columns):
        if value in found:
            found[value].metrics[key] = Spread(mean, least, most)
    return list(found.values())


def _spreads(runs: Sequence[int], by: Column, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    keys = [column.key for column in columns if column.kind == "metric"]
    if not keys:
        return []
    relation = "run__params" if by.kind == "param" else "run__tags"
    gathered = FilteredRelation(relation, condition=Q(**{f"{relation}__key": by.key}))
    points = LatestMetric.objects.filter(run__in=runs, key__name__in=keys, is_nan=False).annotate(by=gathered)
    spreads = points.values_list("by__value", "key__name").annotate(Avg("value"), Min("value"), Max("value"))
    return list(spreads.order_by())


def in_order(groups: list[Group], column: Column | None, *, descending: bool) -> list[Group]:
    """By the mean of a metric, those without one last; otherwise by the value, or as they are."""
    if column is None:
        return groups

    def mean(group: Group) -> float:
        spread = group.metrics.get(column.key)
        if spread is None or spread.mean is None or math.isnan(spread.mean):
            return math.inf
        return -spread.mean if descending else spread.mean

    return sorted(groups, key=mean) if column.kind == "metric" else groups
