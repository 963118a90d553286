"""The points that charts draw: all of them or a sample that hides no extreme, for those who may see them."""

import math
import random
from collections.abc import Iterable

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.tracking.models import Experiment, Run
from apps.tracking.queries.curves import STRETCHES, WHOLE, Axis, curve, thinned
from apps.tracking.queries.histories import HistoryPoint
from apps.tracking.queries.keys import forget
from apps.tracking.services.keys import intern
from apps.tracking.services.points import Point, write_points
from tests.tracking.making import log, make_run, point
from tests.tracking.pages.conftest import signed_in

MANY = 20_000
GAP = range(5_000, 5_400)


@pytest.fixture(params=["in order", "in disorder"])
def long_run(own: Experiment, people: dict[str, User], request: pytest.FixtureRequest) -> Run:
    """A metric of many points, with a spike up, one down, and a stretch of NaN; logged step by step or in disorder."""
    stride = 1 if request.param == "in order" else 7_919
    made = make_run(own, people["admin"], name="long")
    key = intern({"loss"})["loss"]
    noise = random.Random(7)
    values = [math.sin(step / 900) + noise.random() / 10 for step in range(MANY)]
    values[7_777], values[12_345] = 50.0, -50.0
    points = [
        Point(
            key,
            step,
            1_000_000 + (step * stride) % MANY,
            0.0 if 5_000 <= step < 5_400 else value,
            5_000 <= step < 5_400,
        )
        for step, value in enumerate(values)
    ]
    write_points(run_pk=made.pk, points=points)
    forget()
    return made


@pytest.mark.parametrize("axis", ["step", "time"])
def test_a_sample_keeps_both_ends_every_extreme_and_the_gaps(long_run: Run, axis: str) -> None:
    found = curve(long_run.pk, "loss", axis=axis)  # type: ignore[arg-type]
    assert found.is_sample
    assert len(found.points) <= 4 * (STRETCHES + 1) + 2
    places = [point.step if axis == "step" else point.timestamp for point in found.points]
    assert places == sorted(places)
    assert (places[0], places[-1]) == ((0, MANY - 1) if axis == "step" else (1_000_000, 1_000_000 + MANY - 1))
    numbers = [point for point in found.points if not point.is_nan]
    by_value = sorted(numbers, key=lambda point: point.value)
    assert (by_value[-1].step, by_value[0].step) == (7_777, 12_345)
    assert any(point.is_nan for point in found.points)


@pytest.mark.parametrize("most", [2, 4, 5, 6, 120, 1_500, 10_000])
def test_a_thinned_curve_keeps_its_ends_and_from_five_points_on_its_extremes(long_run: Run, most: int) -> None:
    points = curve(long_run.pk, "loss", axis="step").points
    found = thinned(points, most)
    assert len(found) <= most
    assert (found[0], found[-1]) == (points[0], points[-1])
    assert list(found) == [point for point in points if point in found]
    if most >= 5:
        assert {7_777, 12_345} <= {point.step for point in found}
        assert any(point.is_nan for point in found)


def test_every_point_of_a_sample_was_logged(long_run: Run) -> None:
    whole = {(step, time): value for step, time, value in long_run.metrics.values_list("step", "timestamp", "value")}
    sample = curve(long_run.pk, "loss", axis="step").points
    assert all(whole[found.step, found.timestamp] == found.value for found in sample)


def test_a_part_is_read_anew_and_whole_where_it_is_small(long_run: Run) -> None:
    part = curve(long_run.pk, "loss", axis="step", start=7_000, end=8_000)
    assert not part.is_sample
    assert [found.step for found in part.points] == list(range(7_000, 8_001))


def test_few_points_are_all_there(own: Experiment, people: dict[str, User]) -> None:
    made = make_run(own, people["admin"])
    log(people["admin"], made, metrics=[point("m", 1.0, step=step) for step in range(900)])
    found = curve(made.pk, "m", axis="step")
    assert (len(found.points), found.is_sample) == (900, False)


@pytest.mark.parametrize("steps", [[0] * (WHOLE + 1), [-(2**63), *range(WHOLE), 2**63 - 1]])
def test_steps_that_are_all_the_same_or_as_far_apart_as_can_be_are_sampled_too(
    own: Experiment, people: dict[str, User], steps: list[int]
) -> None:
    made = make_run(own, people["admin"])
    key = intern({"m"})["m"]
    write_points(
        run_pk=made.pk, points=[Point(key, step, place, float(place), False) for place, step in enumerate(steps)]
    )
    forget()
    found = curve(made.pk, "m", axis="step")
    assert found.is_sample
    assert {0.0, float(len(steps) - 1)} <= {point.value for point in found.points}


def test_what_was_never_logged_has_no_points(run: Run) -> None:
    assert curve(run.pk, "no such", axis="step").points == []


def test_the_points_as_json(run: Run, people: dict[str, User]) -> None:
    client = signed_in(people["reader"])
    address = reverse("run-points", args=[run.uuid])
    asked = {"key": "train/loss", "x": "relative", "from": "999", "to": "1999.7"}
    (line,) = client.get(address, asked).json()["series"]
    assert line["points"] == [[999, 0.5, 1, 1000], [1999, 0.5, 2, 2000]]
    (line,) = client.get(address, {"key": "val/loss"}).json()["series"]
    assert line["points"] == [[1, None, 1, 0]]


def test_infinities_are_named(run: Run, people: dict[str, User]) -> None:
    log(people["admin"], run, metrics=[point("f", math.inf, step=1), point("f", -math.inf, step=2)])
    (line,) = signed_in(people["reader"]).get(reverse("run-points", args=[run.uuid]), {"key": "f"}).json()["series"]
    assert [found[1] for found in line["points"]] == ["inf", "-inf"]


@pytest.mark.parametrize("asked", [{"x": "value"}, {"from": "abc"}, {"to": "inf"}, {"from": "nan"}])
def test_what_makes_no_sense_is_refused(run: Run, people: dict[str, User], asked: dict[str, str]) -> None:
    answer = signed_in(people["reader"]).get(reverse("run-points", args=[run.uuid]), {"key": "train/loss", **asked})
    assert answer.status_code == 400


def test_other_runs_are_drawn_as_far_as_they_may_be_read(
    run: Run, own: Experiment, people: dict[str, User], experiment: Experiment, ada: User
) -> None:
    second, hidden = make_run(own, people["admin"], name="second"), make_run(experiment, ada, name="hidden")
    log(people["admin"], second, metrics=[point("train/loss", 1.0)])
    log(ada, hidden, metrics=[point("train/loss", 2.0), point("secret", 2.0)])
    client = signed_in(people["reader"])
    asked = {"key": "train/loss", "run": [second.uuid, hidden.uuid, "nonsense\0"]}
    series = client.get(reverse("run-points", args=[run.uuid]), asked).json()["series"]
    assert [line["run"] for line in series] == [run.uuid, second.uuid]
    page = client.get(reverse("run-charts", args=[run.uuid]), {"run": [second.uuid, hidden.uuid]}).content.decode()
    assert second.uuid in page
    assert hidden.uuid not in page
    assert "secret" not in page


def test_runs_to_draw_as_well_are_found_by_name_and_id(run: Run, own: Experiment, people: dict[str, User]) -> None:
    second = make_run(own, people["admin"], name="second")
    client = signed_in(people["reader"])
    for words in ("SECO", second.uuid[:6], ""):
        assert second.uuid in client.get(reverse("run-others", args=[run.uuid]), {"q": words}).content.decode()
    assert second.uuid not in client.get(reverse("run-others", args=[run.uuid]), {"q": "%"}).content.decode()


@pytest.mark.parametrize("axis", ["step", "time"])
def test_a_sample_of_a_part_keeps_to_it(long_run: Run, axis: str) -> None:
    base = 0 if axis == "step" else 1_000_000
    found = curve(long_run.pk, "loss", axis=axis, start=base + 1_234, end=base + 17_001)  # type: ignore[arg-type]
    places = [point.step if axis == "step" else point.timestamp for point in found.points]
    assert found.is_sample
    assert (places[0], places[-1]) == (base + 1_234, base + 17_001)
    assert places == sorted(places)


@pytest.mark.parametrize("kind", ["noise", "coin", "one value", "NaN alone", "one step"])
@pytest.mark.parametrize("axis", ["step", "time"])
def test_of_each_stretch_nothing_is_lower_or_higher_than_what_is_drawn(
    own: Experiment, people: dict[str, User], kind: str, axis: Axis
) -> None:
    """Also where many points have the same value, and steps come in disorder."""
    made, noise = make_run(own, people["admin"]), random.Random(11)
    value = {"coin": lambda: float(noise.random() < 0.5), "one value": lambda: 2.5}.get(kind, noise.gauss)
    key, is_nan = intern({"m"})["m"], kind == "NaN alone"
    steps = [0 if kind == "one step" else (place * 7_919) % 9_000 - 4_000 for place in range(9_000)]
    points = [Point(key, step, 3 * place, 0.0 if is_nan else value(), is_nan) for place, step in enumerate(steps)]
    write_points(run_pk=made.pk, points=points)
    forget()
    found = curve(made.pk, "m", axis=axis)
    logged = {(point.step, point.timestamp, point.value, point.is_nan) for point in points}
    assert found.is_sample
    assert logged.issuperset(found.points)
    assert extremes(points, axis) == extremes(found.points, axis)


def extremes(points: Iterable[Point | HistoryPoint], axis: Axis) -> dict[int, tuple[float, float]]:
    """The lowest and the highest of each stretch."""
    low, high = (-4_000, 4_999) if axis == "step" else (0, 3 * 8_999)
    width = (high - low) // STRETCHES + 1
    found: dict[int, list[float]] = {}
    for each in points:
        place = each.step if axis == "step" else each.timestamp
        found.setdefault((place - low) // width, []).append(each.value)
    return {stretch: (min(values), max(values)) for stretch, values in found.items()}
