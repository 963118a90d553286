"""Metrics as charts draw them: all points of a stretch or, of many, a sample that keeps what the eye looks for.

The database reads every point and answers with the sample: of each of some hundred stretches of the axis the lowest
and the highest point, and whether NaN was among them; and the first and the last point of all.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from django.db import connection

from apps.tracking.queries.histories import HistoryPoint
from apps.tracking.queries.keys import key_id

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
    bounds = (_SMALLEST if start is None else start, _GREATEST if end is None else end)
    within = [run_pk, key_pk, *(max(_SMALLEST, min(_GREATEST, bound)) for bound in bounds)]
    x = _COLUMNS[axis]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_POINT} {_WITHIN.format(x=x)} LIMIT {WHOLE + 1}", within)
        rows = cursor.fetchall()
        is_sample = len(rows) > WHOLE
        if is_sample:
            sampled = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
            rows = sampled(cursor, x, within)
    points = {HistoryPoint(int(step), int(time), value, bool(is_nan)) for step, time, value, is_nan in rows}
    place = ("step", "timestamp").index(x)
    return Curve(sorted(points, key=lambda point: (point[place], *point)), is_sample)


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


_POINT = "step, timestamp, value, is_nan"
_WITHIN = "FROM tracking_metric WHERE run_id = %s AND key_id = %s AND {x} BETWEEN %s AND %s"
# Floating point: the difference of two bigints may be none.
_STRETCH = "CAST((CAST({x} AS double precision) - %s) * %s AS bigint)"


def _on_sqlite(cursor: Any, x: str, within: list[int]) -> list[tuple[Any, ...]]:
    """By stretches of time, which the table's own order answers in 0.4 s for a million points, wherever those are
    stretches of the axis too: along the time, and along steps that were logged one after the other."""
    found = _by_time(cursor, x, within)
    if x == "timestamp":
        return found
    steps = [step for step, *_ in sorted(found, key=lambda row: (row[1], row[0]))]
    return found if len(found) > STRETCHES and steps == sorted(steps) else _by_sorting(cursor, x, within)


# The plus keeps the bounds of the whole from being looked up in the index in place of those of each stretch.
_OF_EACH_TIME = (
    "WITH RECURSIVE stretch (place, start, past) AS (SELECT 1, %s, %s UNION ALL"  # noqa: S608  only our own words
    f" SELECT place + 1, past, past + %s FROM stretch WHERE place < {STRETCHES})"
    " SELECT p.step, p.timestamp, p.value, p.is_nan FROM stretch CROSS JOIN tracking_metric p"
    " WHERE p.run_id = %s AND p.key_id = %s AND (p.timestamp, p.step, p.value, p.is_nan) ="
    f" (SELECT timestamp, step, value, is_nan {_WITHIN.replace('AND {x}', 'AND +{x}')}"
    " AND timestamp >= start AND timestamp < past AND {which} LIMIT 1)"
)
_LOWEST_HIGHEST_MISSING = ("NOT is_nan ORDER BY value", "NOT is_nan ORDER BY value DESC", "is_nan")


def _by_time(cursor: Any, x: str, within: list[int]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for order in ("", "DESC"):
        cursor.execute(
            f"SELECT {_POINT} {_WITHIN.format(x=x)}"
            f" ORDER BY timestamp {order}, step {order}, value {order}, is_nan {order} LIMIT 1",
            within,
        )
        found += cursor.fetchall()
    first, last = found[0][1], found[1][1]
    width = (last - first) // STRETCHES + 1
    for which in _LOWEST_HIGHEST_MISSING:
        statement = _OF_EACH_TIME.format(x=x, which=which)
        cursor.execute(statement, [first, first + width, width, *within[:2], *within])
        found += cursor.fetchall()
    return found


def _by_sorting(cursor: Any, x: str, within: list[int]) -> list[tuple[Any, ...]]:
    """Whatever the order, in 1 s. With MIN or MAX, but not with both, the other columns are of the row that has it."""
    found: list[tuple[Any, ...]] = []
    for end in ("MIN", "MAX"):
        cursor.execute(f"SELECT {_POINT}, {end}({x}) {_WITHIN.format(x=x)}", within)
        found += [row[:4] for row in cursor.fetchall()]
    place = ("step", "timestamp").index(x)
    scale = [float(found[0][place]), _scale(found[0][place], found[1][place])]
    for extreme in ("MIN", "MAX"):
        cursor.execute(
            f"SELECT step, timestamp, {extreme}(value), is_nan {_WITHIN} GROUP BY {_STRETCH}, is_nan".format(x=x),
            [*within, *scale],
        )
        found += cursor.fetchall()
    return found


def _on_postgresql(cursor: Any, x: str, within: list[int]) -> list[tuple[Any, ...]]:
    """Arrays compare by their first items and carry the others along."""
    end = f"ARRAY[{x}, step, timestamp, value, is_nan::int]"
    cursor.execute(f"SELECT MIN({end}), MAX({end}) {_WITHIN}".format(x=x), within)
    first, last = cursor.fetchone()
    cursor.execute(
        "SELECT MIN(ARRAY[value, step, timestamp]), MAX(ARRAY[value, -step::float8, -timestamp::float8]), is_nan"
        f" {_WITHIN} GROUP BY {_STRETCH}, is_nan".format(x=x),
        [*within, first[0], _scale(first[0], last[0])],
    )
    found: list[tuple[Any, ...]] = [tuple(first[1:]), tuple(last[1:])]
    for low, high, is_nan in cursor.fetchall():
        found += [(low[1], low[2], low[0], is_nan), (-high[1], -high[2], high[0], is_nan)]
    return found


def _scale(first: float, last: float) -> float:
    """Stretches for each unit of the axis."""
    return STRETCHES / (float(last) - float(first)) if last > first else 0.0
