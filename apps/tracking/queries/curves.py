"""Metrics as charts draw them: all points of a stretch or, of many, a sample that keeps what the eye looks for.

Of each of some hundred stretches of the axis the sample has the lowest and the highest point, and a NaN if there is
one; and the first and the last point of all. The database reads every point, but as little as can be of each: first
the extremes of the stretches, which are numbers alone, and then the points that have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from django.db import connection

from apps.tracking.models import LatestMetric
from apps.tracking.queries.histories import HistoryPoint
from apps.tracking.queries.keys import key_id
from mlregistry.wire.sql import Sql

Axis = Literal["step", "time"]
_COLUMNS: dict[str, str] = {"step": "step", "time": "timestamp"}

WHOLE = 2_000
"""So many points are all shown."""
STRETCHES = 500
_SMALLEST, _GREATEST = -(2**63), 2**63 - 1


class Curve(NamedTuple):
    points: list[HistoryPoint]
    is_sample: bool


def curve(run_pk: int, key: str, *, axis: Axis, start: int | None = None, end: int | None = None) -> Curve:
    """The points of a metric between `start` and `end` (steps, or milliseconds), along that axis."""
    key_pk = key_id(key)
    if key_pk is None:
        return Curve([], is_sample=False)
    column = _COLUMNS[axis]
    kept = Sql("run_id = %s AND key_id = %s", (run_pk, key_pk))
    for operator, bound in ((">=", start), ("<=", end)):
        if bound is not None:
            kept &= Sql(f"{column} {operator} %s", (max(_SMALLEST, min(_GREATEST, bound)),))
    with connection.cursor() as cursor:
        points = _Points(cursor, column, kept, (run_pk, key_pk) if start is None and end is None else None)
        found = points.rows("TRUE", limit=WHOLE + 1)
        is_sample = len(found) > WHOLE
        if is_sample:
            found = _sample(points)
    place = ("step", "timestamp").index(column)
    return Curve(sorted(set(found), key=lambda point: (point[place], *point)), is_sample)


def thinned(points: Sequence[HistoryPoint], most: int) -> Sequence[HistoryPoint]:
    """At most so many, two or more: both ends, then the lowest, the highest and a NaN of each of even stretches."""
    if len(points) <= most:
        return points
    each = 3 if any(point.is_nan for point in points) else 2
    count = (most - 2) // each
    kept = {0, len(points) - 1}
    for stretch in range(count):
        places = range(stretch * len(points) // count, (stretch + 1) * len(points) // count)
        numbers = [place for place in places if not points[place].is_nan]
        if numbers:
            kept |= {end(numbers, key=lambda place: points[place].value) for end in (min, max)}
        kept |= set([place for place in places if points[place].is_nan][:1])
    return [points[place] for place in sorted(kept)]


@dataclass(frozen=True, slots=True)
class _Points:
    """The points that were asked for, and the column that is the axis."""

    cursor: Any
    x: str
    kept: Sql
    whole: tuple[int, int] | None
    """The run and the key, where all their points were asked for."""

    def select(self, what: str, more: str, *values: Any) -> list[tuple[Any, ...]]:
        self.cursor.execute(
            f"SELECT {what} FROM tracking_metric WHERE {self.kept.text} AND {more}",  # noqa: S608  only our own words
            [*self.kept.parameters, *values],
        )
        found: list[tuple[Any, ...]] = self.cursor.fetchall()
        return found

    def rows(self, more: str, *values: Any, limit: int = 1) -> list[HistoryPoint]:
        return list(map(_point, self.select(_POINT, f"{more} LIMIT {limit}", *values)))

    def ends(self) -> list[HistoryPoint]:
        """The first and the last along the axis: in the table's own order, or wherever they are."""
        earliest = self.rows(f"TRUE {_IN_TIME}")
        if self.x == "timestamp":
            return [*earliest, *self.rows(f"TRUE {_BACK_IN_TIME}")]
        latest = LatestMetric.objects.filter(run=self.whole[0], key=self.whole[1]) if self.whole else None
        if latest is not None and (last_one := latest.values_list("step", "timestamp", "value", "is_nan").first()):
            return [*self.rows(f"step <= %s {_BY_STEP}", earliest[0].step), _point(last_one)]
        ((first, last),) = self.select("MIN(step), MAX(step)", "TRUE")
        # Which points have these steps no index tells, but it does when their times are known.
        found = self.select("step, MIN(timestamp), MAX(timestamp)", "step IN (%s, %s) GROUP BY step", first, last)
        times = {step: (earliest, latest) for step, earliest, latest in found}
        return [
            *self.rows(f"step = %s AND timestamp = %s {_IN_TIME}", first, times[first][0]),
            *self.rows(f"step = %s AND timestamp = %s {_BACK_IN_TIME}", last, times[last][1]),
        ]


_POINT = "step, timestamp, value, is_nan"
_IN_TIME = "ORDER BY timestamp, step, value, is_nan"
_BY_STEP = "ORDER BY step, timestamp, value, is_nan"
_BACK_IN_TIME = "ORDER BY timestamp DESC, step DESC, value DESC, is_nan DESC"
LOOKED_AT = 50
"""Points that tell whether steps were logged one after the other, before that is counted on."""


def _point(row: tuple[Any, ...]) -> HistoryPoint:
    step, time, value, is_nan = row[:4]
    return HistoryPoint(int(step), int(time), value, bool(is_nan))


def _sample(points: _Points) -> list[HistoryPoint]:
    if connection.vendor == "sqlite":
        found = _by_time(points)
        if found:
            return found
    return _by_grouping(points)


def _by_grouping(points: _Points) -> list[HistoryPoint]:
    """Whatever the order. The second look passes over most points at once, since few are as low or as high."""
    ends = points.ends()
    first, last = (point.step if points.x == "step" else point.timestamp for point in ends)
    group = _group(points.x, first, last)
    extremes = points.select(f"{group}, MIN(value), MAX(value)", "TRUE GROUP BY 1")
    return [*ends, *_with_values(points, group, extremes)]


def _with_values(points: _Points, group: str, extremes: list[tuple[Any, ...]]) -> list[HistoryPoint]:
    """One point for each of the `extremes`, which are the number of a group, its lowest and its highest value."""
    numbers = [row for row in extremes if row[0] % 2 == 0]
    low, high = max((row[1] for row in numbers), default=0.0), min((row[2] for row in numbers), default=0.0)
    wanted = {(row[0], value) for row in extremes for value in row[1:]}
    values = sorted({value for _, value in wanted})
    if connection.vendor == "postgresql":
        what, among = "(MIN(ARRAY[step, timestamp]))[1], (MIN(ARRAY[step, timestamp]))[2]", "= ANY(%s::float8[])"
        given: list[Any] = ["{" + ",".join(map(repr, values)) + "}"]
    else:
        # Beside MIN, SQLite takes the other columns from the row that has the least.
        what, among, given = "MIN(step), timestamp", f"IN ({', '.join(['%s'] * len(values))})", values
    found = points.select(
        f"{group}, value, {what}",
        f"(value <= %s OR value >= %s OR is_nan) AND value {among} GROUP BY 1, 2",
        *(low, high, *given),
    )
    return [
        HistoryPoint(step, time, value, bool(place % 2))
        for place, value, step, time in found
        if (place, value) in wanted
    ]


def _group(x: str, first: int, last: int) -> str:
    """Twice the number of the stretch, and one more where the value is NaN."""
    width = (last - first) // STRETCHES + 1
    # The difference of two bigints may be none: then it is a fraction.
    stretch = f"({x} - ({first})) / {width}"
    if last - first > _GREATEST:
        stretch = f"CAST((CAST({x} AS double precision) - ({first}.0)) / {width}.0 AS bigint)"
    return f"({stretch}) * 2 + CAST(is_nan AS integer)"


def _by_time(points: _Points) -> list[HistoryPoint]:
    """By stretches of time, which follow each other in the table of SQLite, wherever those are stretches of the axis
    too: along the time, and along steps that were logged one after the other. Empty where they are not."""
    ends = [*points.rows(f"TRUE {_IN_TIME}"), *points.rows(f"TRUE {_BACK_IN_TIME}")]
    first, last = ends[0].timestamp, ends[1].timestamp
    if points.x == "step" and not _are_in_order(points, first, last):
        return []
    width = (last - first) // STRETCHES + 1
    found = list(ends)
    for start in range(first, last + 1, width):
        found += _of_stretch(points, (start, min(start + width, _GREATEST)))
    steps = [point.step for point in sorted(set(found), key=lambda point: (point.timestamp, point.step))]
    if points.x == "step" and not (len(steps) > STRETCHES and steps == sorted(steps)):
        return []
    return found


def _are_in_order(points: _Points, first: int, last: int) -> bool:
    """Whether a few points, spread over the time, say that steps became more."""
    times = [first + place * (last - first) // LOOKED_AT for place in range(LOOKED_AT)]
    steps = [point.step for time in times for point in points.rows(f"timestamp >= %s {_IN_TIME}", time)]
    return steps == sorted(steps)


def _of_stretch(points: _Points, stretch: tuple[int, int]) -> list[HistoryPoint]:
    within, what = "timestamp >= %s AND timestamp < %s", "MIN(value), MAX(value)"
    ((low, high, has_nan),) = points.select(f"{what}, MAX(is_nan)", within, *stretch)
    found = []
    if has_nan:
        found += points.rows(f"{within} AND is_nan", *stretch)
        ((low, high),) = points.select(what, f"{within} AND NOT is_nan", *stretch)
    for value in {low, high} - {None}:
        found += points.rows(f"{within} AND value = %s AND NOT is_nan", *stretch, value)
    return found
