"""Metric histories: whole, by page, of many runs, and sampled; each as a plain Python model has it."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.tracking.models import Experiment, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries import histories
from apps.tracking.queries.histories import HistoryPoint
from apps.tracking.services.points import LARGEST
from mlregistry.actor import system
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from tests.tracking.making import delete, log, make_run, point

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
VALUES = st.sampled_from([0.0, 1.0, -1.0, 0.5, math.nan, math.inf, -math.inf])
LOGGED = st.lists(st.tuples(st.integers(-3, 12), st.integers(0, 4), VALUES), max_size=40)


@pytest.fixture
def run(ada: User, experiment: Experiment) -> Run:
    return make_run(experiment, ada)


def logged_run(user: User, experiment: Experiment, logged: list[tuple[int, int, float]]) -> Run:
    run = make_run(experiment, user)
    log(user, run, metrics=[point("m", value, step=step, timestamp=timestamp) for step, timestamp, value in logged])
    log(user, run, metrics=[point("other", 9.0, step=1)])
    return run


def expected_points(logged: list[tuple[int, int, float]]) -> set[HistoryPoint]:
    return {
        HistoryPoint(
            step, timestamp, 0.0 if math.isnan(value) else max(min(value, LARGEST), -LARGEST), math.isnan(value)
        )
        for step, timestamp, value in logged
    }


def by_time(found: HistoryPoint) -> tuple[int, int, float, bool]:
    return found.timestamp, found.step, found.value, found.is_nan


@QUICK
@given(logged=LOGGED, size=st.integers(1, 7))
def test_pages_put_together_are_the_whole_history_in_the_order_of_time(
    ada: User, experiment: Experiment, logged: list[tuple[int, int, float]], size: int
) -> None:
    run = logged_run(ada, experiment, logged)
    expected = sorted(expected_points(logged), key=by_time)
    assert histories.history(run.pk, "m", max_results=None, page_token="") == (expected, "")
    found: list[HistoryPoint] = []
    token = ""
    for _ in range(len(expected) // size + 1):
        page, token = histories.history(run.pk, "m", max_results=size, page_token=token)
        assert len(page) <= size
        found += page
        if not token:
            break
    assert (found, token) == (expected, "")


def test_a_page_stays_right_while_points_are_added(ada: User, run: Run) -> None:
    log(ada, run, metrics=[point("m", 1.0, step=step, timestamp=step) for step in range(0, 10, 2)])
    page, token = histories.history(run.pk, "m", max_results=2, page_token="")
    log(ada, run, metrics=[point("m", 1.0, step=step, timestamp=step) for step in range(1, 10, 2)])
    rest, _ = histories.history(run.pk, "m", max_results=100, page_token=token)
    assert [found.step for found in page] == [0, 2]
    assert [found.step for found in rest] == [3, 4, 5, 6, 7, 8, 9]


def test_a_token_of_another_metric_or_run_is_refused(ada: User, experiment: Experiment, run: Run) -> None:
    other = make_run(experiment, ada)
    for each in (run, other):
        log(ada, each, metrics=[point(key, 1.0, step=step) for key in ("m", "n") for step in range(3)])
    _, token = histories.history(run.pk, "m", max_results=1, page_token="")
    assert token
    for pk, key in ((run.pk, "n"), (other.pk, "m")):
        with pytest.raises(InvalidParameter):
            histories.history(pk, key, max_results=1, page_token=token)
    with pytest.raises(InvalidParameter):
        histories.history(run.pk, "m", max_results=1, page_token="nonsense")


def test_a_metric_that_was_never_logged_has_no_points(ada: User, run: Run) -> None:
    assert histories.history(run.pk, "none", max_results=None, page_token="") == ([], "")
    assert histories.sampled_history(ada, [run.uuid], "none", steps=None, per_run=10) == []
    assert histories.history_of_many(ada, [run.uuid], "none", limit=10) == []


def expected_sample(points: list[HistoryPoint], count: int) -> list[HistoryPoint]:
    """Where each of `count` even buckets begins, the first ones taking what is left over; and the last point."""
    if len(points) <= count:
        return points
    size, larger = divmod(len(points), count)
    starts = [bucket * size + min(bucket, larger) for bucket in range(count)]
    return [points[start] for start in starts[:-1]] + [points[-1]]


@QUICK
@given(
    logged=LOGGED,
    count=st.integers(1, 12),
    steps=st.none() | st.tuples(st.integers(-4, 5), st.integers(5, 13)),
)
def test_a_sample_is_even_keeps_its_order_and_ends_with_the_last_point(
    ada: User,
    experiment: Experiment,
    logged: list[tuple[int, int, float]],
    count: int,
    steps: tuple[int, int] | None,
) -> None:
    run = logged_run(ada, experiment, logged)
    points = sorted(expected_points(logged))
    if steps is not None:
        points = [found for found in points if steps[0] <= found.step <= steps[1]]
    found = histories.sampled_history(ada, [run.uuid], "m", steps=steps, per_run=count)
    assert found == [(run.uuid, kept) for kept in expected_sample(points, count)]
    assert len(found) == min(count, len(points))


def test_runs_that_are_hidden_or_absent_are_left_out_of_bulk_reads(
    ada: User, root: User, experiment: Experiment, settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    seen, deleted = make_run(experiment, ada), make_run(experiment, ada)
    hidden = make_run(Experiment.objects.get(pk=0), root)
    for run, user in ((seen, ada), (deleted, ada), (hidden, root)):
        log(user, run, metrics=[point("m", 1.0, step=step) for step in range(3)])
    delete(ada, deleted)
    asked = [hidden.uuid, deleted.uuid, seen.uuid, "0" * 32]
    for read in (
        histories.history_of_many(ada, asked, "m", limit=100),
        histories.sampled_history(ada, asked, "m", steps=None, per_run=100),
    ):
        assert {run_id for run_id, _ in read} == {seen.uuid, deleted.uuid}
        assert len(read) == 6
    EXPERIMENT_GRANTS.set(target=experiment, holder=ada, level=Level.NO_PERMISSIONS, by=system("tests"))
    assert histories.history_of_many(ada, asked, "m", limit=100) == []


def test_a_bulk_read_stops_at_its_limit_in_the_order_of_runs(ada: User, experiment: Experiment) -> None:
    made = sorted((make_run(experiment, ada) for _ in range(3)), key=lambda run: run.uuid)
    for run in made:
        log(ada, run, metrics=[point("m", 1.0, step=step, timestamp=9 - step) for step in range(4)])
    found = histories.history_of_many(ada, [run.uuid for run in reversed(made)], "m", limit=6)
    assert [(run_id, each.step) for run_id, each in found] == [
        *((made[0].uuid, step) for step in (3, 2, 1, 0)),
        *((made[1].uuid, step) for step in (3, 2)),
    ]
