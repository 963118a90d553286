"""What a run logs: names and lengths, params written once, which point is the latest, all of a batch or nothing."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.tracking import limits
from apps.tracking.entities import Metric, Param, Tag
from apps.tracking.models import Experiment, LatestMetric, LoggedModelMetric, MetricKey, Run, RunTag
from apps.tracking.models import Metric as Point
from apps.tracking.models import Param as ParamRow
from apps.tracking.queries.run_details import details_of
from apps.tracking.services import experiments, logged_models, run_data, runs
from apps.tracking.services.points import LARGEST, storable
from mlregistry.errors import AlreadyExists, InvalidParameter, NotFound
from tests.tracking.making import delete, log, make_experiment, make_model, make_run, point, row

GOOD_NAMES = ["loss", "a/b", "a-b_c.d", "a b", "a:b", "größe", "损失", "x" * limits.ENTITY_KEY]
BAD_CHARACTERS = ["", "a#b", "a?b", "a%b", "a\\b", 'a"b', "a;b", "a\x00b"]
BAD_PATHS = ["..", "../a", "/a", "a/../b", "a//b", "./a", "a/", "."]


@pytest.fixture
def run(ada: User, experiment: Experiment) -> Run:
    return make_run(experiment, ada)


def latest(run: Run) -> dict[str, tuple[float, bool, int, int]]:
    """The latest points as a run shows them: value, whether it is NaN, timestamp, step."""
    points = details_of([run.pk])[run.pk].read_metrics()
    return {point.key: (*storable(point.value), point.timestamp, point.step) for point in points}


def kept_params(run: Run) -> dict[str, str]:
    return dict(ParamRow.objects.filter(run=run).values_list("key", "value"))


def kept_tags(run: Run) -> dict[str, str]:
    return dict(RunTag.objects.filter(run=run).values_list("key", "value"))


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_names_of_every_script_and_paths_below_a_folder_are_taken(ada: User, run: Run, name: str) -> None:
    log(ada, run, metrics=[point(name, 1.0)], params=[Param(key=name, value="v")], tags=[Tag(key=name, value="v")])
    assert latest(run) == {name: (1.0, False, 0, 0)}
    assert kept_params(run) == {name: "v"}
    assert kept_tags(run)[name] == "v"


@pytest.mark.parametrize("name", [*BAD_CHARACTERS[1:], *BAD_PATHS, "x" * (limits.ENTITY_KEY + 1)])
@pytest.mark.parametrize("kind", ["metrics", "params", "tags"])
def test_other_names_are_refused_and_leave_nothing(ada: User, run: Run, name: str, kind: str) -> None:
    made: dict[str, Any] = {"metrics": Metric(key=name, value=1.0, timestamp=0)}
    made |= {"params": Param(key=name, value="v"), "tags": Tag(key=name, value="v")}
    before = kept_tags(run)
    with pytest.raises(InvalidParameter):
        log(ada, run, **{kind: [made[kind]]})
    assert (latest(run), kept_params(run), kept_tags(run)) == ({}, {}, before)


def test_long_values_of_params_and_tags_are_cut_where_the_genuine_server_cuts_them(ada: User, run: Run) -> None:
    log(
        ada,
        run,
        params=[Param(key="p", value="ä" * (limits.PARAM_VALUE + 1))],
        tags=[Tag(key="t", value="ä" * (limits.TAG_VALUE + 1))],
    )
    assert len(kept_params(run)["p"]) == limits.PARAM_VALUE
    assert len(kept_tags(run)["t"]) == limits.TAG_VALUE
    # What is sent again is cut the same way, so it is the same param.
    run_data.log_param(run=row(ada, run), key="p", value="ä" * (limits.PARAM_VALUE + 2))


@pytest.mark.parametrize(
    ("metrics", "params", "tags"),
    [
        (limits.BATCH_METRICS + 1, 0, 0),
        (0, limits.BATCH_PARAMS_OR_TAGS + 1, 0),
        (0, 0, limits.BATCH_PARAMS_OR_TAGS + 1),
        (limits.BATCH_ENTITIES - 1, 1, 1),
    ],
)
def test_a_batch_that_is_too_large_is_refused(ada: User, run: Run, metrics: int, params: int, tags: int) -> None:
    with pytest.raises(InvalidParameter, match="A batch logging request can contain at most"):
        log(
            ada,
            run,
            metrics=[point("m", 1.0, step=number) for number in range(metrics)],
            params=[Param(key=f"p{number}", value="1") for number in range(params)],
            tags=[Tag(key=f"t{number}", value="1") for number in range(tags)],
        )


def test_the_largest_batch_is_taken(ada: User, run: Run) -> None:
    log(
        ada,
        run,
        metrics=[point(f"m{number}", 1.0) for number in range(800)],
        params=[Param(key=f"p{number}", value="1") for number in range(100)],
        tags=[Tag(key=f"t{number}", value="1") for number in range(100)],
    )
    assert (len(latest(run)), len(kept_params(run)), len(kept_tags(run))) == (800, 100, 101)


def test_a_param_may_be_said_again_but_not_otherwise(ada: User, run: Run) -> None:
    for _ in range(2):
        run_data.log_param(run=row(ada, run), key="lr", value="0.1")
        log(ada, run, params=[Param(key="lr", value="0.1")])
    with pytest.raises(InvalidParameter, match="Changing param values is not allowed"):
        run_data.log_param(run=row(ada, run), key="lr", value="0.2")
    assert kept_params(run) == {"lr": "0.1"}


def test_a_refused_param_leaves_nothing_of_its_batch(ada: User, run: Run) -> None:
    log(ada, run, params=[Param(key="lr", value="0.1")], tags=[Tag(key="kept", value="old")])
    with pytest.raises(InvalidParameter, match="Changing param values is not allowed"):
        log(
            ada,
            run,
            metrics=[point("loss", 1.0)],
            params=[Param(key="fresh", value="1"), Param(key="lr", value="0.2")],
            tags=[Tag(key="kept", value="new"), Tag(key="fresh", value="1")],
        )
    assert kept_params(run) == {"lr": "0.1"}
    assert kept_tags(run).get("kept") == "old"
    assert "fresh" not in kept_tags(run)
    assert not Point.objects.exists()
    assert not LatestMetric.objects.exists()


def test_a_model_that_is_not_there_leaves_nothing_of_its_batch(ada: User, run: Run) -> None:
    with pytest.raises(NotFound):
        log(ada, run, metrics=[point("loss", 1.0), point("auc", 1.0, model_id="m-none")])
    assert not Point.objects.exists()
    assert not LatestMetric.objects.exists()


def test_the_same_param_twice_in_a_batch_is_refused(ada: User, run: Run) -> None:
    with pytest.raises(InvalidParameter, match="Duplicate parameter keys"):
        log(ada, run, params=[Param(key="lr", value="1"), Param(key="lr", value="1")])


def test_of_a_tag_given_twice_the_last_counts(ada: User, run: Run) -> None:
    log(ada, run, tags=[Tag(key="t", value="1"), Tag(key="t", value="2")])
    assert kept_tags(run)["t"] == "2"


def test_the_same_point_again_changes_nothing(ada: User, run: Run) -> None:
    same = point("loss", 0.5, step=3, timestamp=7)
    log(ada, run, metrics=[same, same])
    run_data.log_metric(run=row(ada, run), metric=same, user=ada)
    assert Point.objects.count() == 1
    log(ada, run, metrics=[point("loss", 0.5, step=3, timestamp=8), point("loss", 0.6, step=3, timestamp=7)])
    assert Point.objects.count() == 3


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (point("m", 9.0, step=1, timestamp=9), point("m", 1.0, step=2, timestamp=1)),  # the step counts first
        (point("m", 9.0, step=1, timestamp=1), point("m", 1.0, step=1, timestamp=2)),  # then the time
        (point("m", 1.0, step=1, timestamp=1), point("m", 2.0, step=1, timestamp=1)),  # then the value
        (point("m", -1.0, step=-5, timestamp=1), point("m", -2.0, step=-4, timestamp=1)),
        (point("m", -1.0, step=1, timestamp=1), point("m", math.nan, step=1, timestamp=1)),  # NaN counts as zero
        (point("m", math.nan, step=1, timestamp=1), point("m", 1.0, step=1, timestamp=1)),
        (point("m", 1e308, step=1, timestamp=1), point("m", math.inf, step=1, timestamp=1)),
        (point("m", -math.inf, step=1, timestamp=1), point("m", -1e308, step=1, timestamp=1)),
    ],
)
@pytest.mark.parametrize("order", ["in order", "reversed", "one batch", "one batch reversed"])
def test_the_latest_point_is_the_one_of_the_greatest_step_then_time_then_value(
    ada: User, run: Run, earlier: Metric, later: Metric, order: str
) -> None:
    points = [later, earlier] if "reversed" in order else [earlier, later]
    if "batch" in order:
        log(ada, run, metrics=points)
    else:
        for each in points:
            run_data.log_metric(run=row(ada, run), metric=each, user=ada)
    is_nan = math.isnan(later.value)
    value = 0.0 if is_nan else max(min(later.value, LARGEST), -LARGEST)
    assert latest(run)["m"] == (value, is_nan, later.timestamp, later.step)


def test_nan_and_the_infinities_are_kept(ada: User, run: Run) -> None:
    values = {"nan": math.nan, "up": math.inf, "down": -math.inf, "tiny": 5e-324, "zero": -0.0}
    log(ada, run, metrics=[point(key, value) for key, value in values.items()])
    assert {key: kept[:2] for key, kept in latest(run).items()} == {
        "nan": (0.0, True),
        "up": (LARGEST, False),
        "down": (-LARGEST, False),
        "tiny": (5e-324, False),
        "zero": (0.0, False),
    }


INT64 = st.sampled_from([-(2**63), -1, 0, 1, 2**63 - 1])
FLOATS = st.floats() | st.sampled_from([0.0, 1.0])
POINTS = st.builds(
    Metric,
    key=st.sampled_from(["a", "b"]),
    value=FLOATS,
    step=INT64 | st.integers(0, 2),
    timestamp=st.sampled_from([0, 1, 2**63 - 1]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(POINTS, max_size=6), max_size=4))
def test_whatever_is_logged_in_whatever_batches_points_and_latest_are_those_of_a_plain_model(
    ada: User, experiment: Experiment, batches: list[list[Metric]]
) -> None:
    run = make_run(experiment, ada)
    expected: dict[str, set[tuple[int, int, float, bool]]] = {}
    for batch in batches:
        log(ada, run, metrics=batch)
        for metric in batch:
            is_nan = math.isnan(metric.value)
            value = 0.0 if is_nan else max(min(metric.value, LARGEST), -LARGEST)
            expected.setdefault(metric.key, set()).add((metric.step, metric.timestamp, value, is_nan))
    found: dict[str, set[tuple[int, int, float, bool]]] = {}
    for key, *kept in Point.objects.filter(run_id=run.pk).values_list(
        "key__name", "step", "timestamp", "value", "is_nan"
    ):
        found.setdefault(key, set()).add(tuple(kept))  # type: ignore[arg-type]  # four columns
    assert found == expected
    for key, (value, _, timestamp, step) in latest(run).items():
        assert (step, timestamp, value) == max(kept[:3] for kept in expected[key])
    assert latest(run).keys() == expected.keys()


def test_points_for_a_model_are_kept_for_the_run_and_for_the_model(ada: User, experiment: Experiment, run: Run) -> None:
    model = make_model(experiment, ada)
    logged = [point("auc", math.nan, model_id=model.model_id), point("auc", 0.5, step=1, model_id=model.model_id)]
    for _ in range(2):
        log(ada, run, metrics=logged)
    assert Point.objects.count() == 2
    kept = LoggedModelMetric.objects.filter(model=model, run=run).order_by("step")
    assert [(metric.key, metric.is_nan, metric.value) for metric in kept] == [("auc", True, 0.0), ("auc", False, 0.5)]


def test_negative_times_are_refused(ada: User, run: Run) -> None:
    with pytest.raises(InvalidParameter, match="Timestamp must be a nonnegative long"):
        run_data.log_metric(run=row(ada, run), metric=point("m", 1.0, timestamp=-1), user=ada)


def test_a_deleted_run_takes_nothing(ada: User, run: Run) -> None:
    delete(ada, run)
    with pytest.raises(InvalidParameter, match="must be in the 'active' state"):
        log(ada, run, metrics=[point("m", 1.0)])


def test_tags_are_set_replaced_and_deleted(ada: User, run: Run) -> None:
    run_data.set_tag(run=row(ada, run), key="t", value="1")
    run_data.set_tag(run=row(ada, run), key="t", value="2")
    assert kept_tags(run)["t"] == "2"
    run_data.delete_tag(run=row(ada, run), key="t")
    with pytest.raises(NotFound, match="No tag with name: t"):
        run_data.delete_tag(run=row(ada, run), key="t")


def test_keys_that_differ_in_case_are_different_keys(ada: User, run: Run) -> None:
    log(ada, run, metrics=[point("Loss", 1.0), point("loss", 2.0)], params=[Param(key="A"), Param(key="a")])
    assert {key: kept[0] for key, kept in latest(run).items()} == {"Loss": 1.0, "loss": 2.0}
    assert kept_params(run).keys() == {"A", "a"}
    assert MetricKey.objects.count() == 2


def make_user_of_run(ada: User, experiment: Experiment) -> None:
    runs.create_run(experiment=experiment, name="n", user_id="u" * 257, start_time=0, tags=[], by=ada.actor())


def log_dataset(ada: User, experiment: Experiment, **dataset: str) -> None:
    model_id = make_model(experiment, ada).model_id
    log(
        ada,
        make_run(experiment, ada),
        metrics=[Metric(key="m", value=1.0, timestamp=0, model_id=model_id, **dataset)],  # type: ignore[arg-type]
    )


TOO_LONG: dict[str, Callable[[User, Experiment], object]] = {
    "tag key of a new run": lambda ada, first: make_run(first, ada, tags=[Tag(key="k" * 251, value="v")]),
    "user of a new run": make_user_of_run,
    "name of an experiment": lambda ada, _: make_experiment(ada, "n" * 501),
    "key of an experiment tag": lambda _, first: experiments.set_experiment_tag(
        experiment=first, key="k" * 251, value="v"
    ),
    "value of an experiment tag": lambda _, first: experiments.set_experiment_tag(
        experiment=first, key="k", value="v" * 20_001
    ),
    "key of a model tag": lambda ada, first: logged_models.set_tags(
        model=make_model(first, ada), tags=[Tag(key="k" * 251, value="v")]
    ),
    "value of a model param": lambda ada, first: logged_models.log_params(
        model=make_model(first, ada), params=[Param(key="k", value="v" * 6_001)]
    ),
    "dataset name of a model metric": lambda ada, first: log_dataset(ada, first, dataset_name="d" * 501),
    "dataset digest of a model metric": lambda ada, first: log_dataset(ada, first, dataset_digest="d" * 37),
}


@pytest.mark.parametrize("what", TOO_LONG)
def test_what_a_column_cannot_hold_is_refused_on_every_database(ada: User, experiment: Experiment, what: str) -> None:
    with pytest.raises(InvalidParameter):
        TOO_LONG[what](ada, experiment)


def test_a_taken_experiment_name_is_refused_whatever_the_state_of_its_holder(ada: User, experiment: Experiment) -> None:

    for stage in ("active", "deleted"):
        Experiment.objects.filter(pk=experiment.pk).update(lifecycle_stage=stage)
        with pytest.raises(AlreadyExists):
            make_experiment(ada, experiment.name)


@pytest.mark.parametrize(
    "value",
    [
        0.0,
        -0.0,
        1.0,
        -3.0,
        0.1,
        0.1 + 0.2,
        1 / 3,
        1e15,
        999_999_999_999_999.0,
        1e16,
        2.0**53 + 2,
        1e22,
        1e-5,
        5e-324,
        LARGEST,
    ],
)
def test_a_double_is_shown_as_the_same_double_and_never_as_an_integer(ada: User, run: Run, value: float) -> None:
    log(ada, run, metrics=[point("m", value)])
    shown = json.loads(bytes(details_of([run.pk])[run.pk].metrics or b""))[0]["value"]
    assert isinstance(shown, float)
    assert shown == value


def test_texts_are_shown_with_every_character_that_json_escapes(ada: User, run: Run) -> None:
    text = '"\\/\b\f\n\r\t\x01\x1f\x7f {} %s größe 损失 \U0001f600'
    log(ada, run, params=[Param(key="p", value=text)], tags=[Tag(key="t", value=text)])
    details = details_of([run.pk])[run.pk]
    assert details.read_params() == {"p": text}
    assert details.read_tags()["t"] == text
