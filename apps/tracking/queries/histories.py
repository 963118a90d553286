"""Reading metric histories: whole, by page, and sampled."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import IntegerField, Window
from django.db.models.functions import Cast, RowNumber

from apps.accounts.models import User
from apps.tracking.choices import PRESENT
from apps.tracking.models import Metric, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.keys import NO_SUCH_KEY, key_id
from mlregistry.wire.keyset import Page, Term, fetch_page


class HistoryPoint(NamedTuple):
    step: int
    timestamp: int
    value: float
    is_nan: bool


ALL = 2**31 - 1
"""More points than anyone pages for."""

_COLUMNS = ("step", "timestamp", "value", "is_nan")
_BY_TIME = ("timestamp", "step", "value", "is_nan")
_BY_STEP = ("step", "timestamp", "value", "is_nan")
_PAGED_BY = (
    Term("timestamp", int),
    Term("step", int),
    Term("value", float),
    Term(Cast("is_nan", IntegerField()), int),
)


def history(run_pk: int, key: str, *, max_results: int | None, page_token: str) -> tuple[list[HistoryPoint], str]:
    """Points in the order of (timestamp, step, value) and the token of the next page, empty at the end."""
    if max_results is None and not page_token:
        points = Metric.objects.filter(run_id=run_pk, key_id=key_id(key) or NO_SUCH_KEY)
        rows = points.order_by(*_BY_TIME).values_list(*_COLUMNS)
        return [HistoryPoint(*row) for row in rows.iterator()], ""
    page = points_page(run_pk, key, limit=max_results or ALL, token=page_token)
    found = [HistoryPoint(row.step, row.timestamp, row.value, row.is_nan) for row in page.rows]
    return found, page.next_page_token


def points_page(run_pk: int, key: str, *, limit: int, token: str) -> Page[Metric]:
    """Points in the order of (timestamp, step, value): that of the table, so every page is as fast as the first."""
    points = Metric.objects.filter(run_id=run_pk, key_id=key_id(key) or NO_SUCH_KEY)
    return fetch_page(points, terms=_PAGED_BY, limit=limit, token=token, question=[run_pk, key])


def readable_runs(user: User, run_ids: Sequence[str]) -> dict[str, int]:
    """Primary keys of those of the runs that the user may read."""
    runs = Run.objects.filter(uuid__in=run_ids, lifecycle_stage__in=PRESENT)
    return dict(EXPERIMENT_GRANTS.filter(runs, user, via="experiment").values_list("uuid", "pk"))


def history_of_many(user: User, run_ids: Sequence[str], key: str, *, limit: int) -> list[tuple[str, HistoryPoint]]:
    """At most `limit` points of those runs that the user may read, ordered by run, then as in `history`."""
    runs = readable_runs(user, run_ids)
    key_pk = key_id(key)
    found: list[tuple[str, HistoryPoint]] = []
    if key_pk is None:
        return found
    for run_id in sorted(runs):
        points = Metric.objects.filter(run_id=runs[run_id], key_id=key_pk).order_by(*_BY_TIME)
        rows = points.values_list(*_COLUMNS)[: limit - len(found)]
        found.extend((run_id, HistoryPoint(*row)) for row in rows)
        if len(found) >= limit:
            break
    return found


def sampled_history(
    user: User, run_ids: Sequence[str], key: str, *, steps: tuple[int, int] | None, per_run: int
) -> list[tuple[str, HistoryPoint]]:
    """At most `per_run` points of each readable run, evenly spread by (step, timestamp, value), the last included."""
    runs = readable_runs(user, run_ids)
    key_pk = key_id(key)
    if key_pk is None:
        return []
    return [
        (run_id, point)
        for run_id in run_ids
        if run_id in runs
        for point in _sample(runs[run_id], key_pk, steps=steps, count=per_run)
    ]


def _sample(run_pk: int, key_pk: int, *, steps: tuple[int, int] | None, count: int) -> list[HistoryPoint]:
    points = Metric.objects.filter(run_id=run_pk, key_id=key_pk)
    if steps is not None:
        points = points.filter(step__range=steps)
    total = points.count()
    rows = points.order_by(*_BY_STEP)
    if total > count:
        rows = rows.annotate(place=Window(RowNumber(), order_by=_BY_STEP)).filter(place__in=_places(total, count))
    return [HistoryPoint(*row) for row in rows.values_list(*_COLUMNS)]


def _places(total: int, count: int) -> list[int]:
    """Where each of `count` even buckets of `total` rows begins, counted from one; the last row ends the sample."""
    size, larger = divmod(total, count)
    starts = [bucket * size + min(bucket, larger) + 1 for bucket in range(count)]
    return [*starts[:-1], total]
