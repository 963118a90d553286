"""Many who log at once: nobody is locked out, one of two values of a param wins, nothing is lost or doubled."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.entities import Dataset, DatasetInput, InputTag, ModelInput, ModelOutput, Param, Tag
from apps.tracking.models import Dataset as DatasetRow
from apps.tracking.models import DatasetInput as DatasetInputRow
from apps.tracking.models import Experiment, LatestMetric, LoggedModelMetric, Metric, MetricKey, Run, RunTag
from apps.tracking.models import ModelInput as ModelInputRow
from apps.tracking.models import Param as ParamRow
from apps.tracking.queries import keys
from apps.tracking.queries.runs import RunRow
from apps.tracking.services import gc, inputs, run_data, runs
from mlregistry.actor import system
from mlregistry.errors import AlreadyExists, InvalidParameter, NotFound
from tests.tracking.making import delete, log, make_experiment, make_model, make_run, point, row

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 8
ROUNDS = 6
T = TypeVar("T")


@pytest.fixture
def run(ada: User, experiment: Experiment) -> Run:
    return make_run(experiment, ada)


def at_once(write: Callable[[int], T], writers: int = WRITERS) -> list[T]:
    """Let `write` run in as many threads, all beginning together; whatever one raises, this raises."""
    start = threading.Barrier(writers)

    def begin(writer: int) -> T:
        try:
            start.wait()
            return write(writer)
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(begin, range(writers)))


def shuffled(writer: int, number: int, make: Callable[[int], T], count: int) -> list[T]:
    """`count` things, the same for every writer, in an order of its own."""
    made = [make(index) for index in range(count)]
    random.Random(writer * 1000 + number).shuffle(made)
    return made


def test_eight_writers_of_the_same_new_keys_params_and_tags_do_not_lock_each_other_out(ada: User, run: Run) -> None:
    def write(writer: int) -> None:
        for number in range(ROUNDS):
            names = shuffled(writer, number, str, 50)
            log(
                ada,
                run,
                metrics=[point(f"m{number}.{name}", 0.5, step=int(name)) for name in names],
                params=[Param(key=f"p{number}.{name}", value="same") for name in names],
                tags=[Tag(key=f"t{number}.{name}", value=str(writer)) for name in names],
            )

    at_once(write)
    assert MetricKey.objects.count() == Metric.objects.count() == LatestMetric.objects.count() == ROUNDS * 50
    assert ParamRow.objects.filter(run=run).count() == ROUNDS * 50
    assert RunTag.objects.filter(run=run).count() == ROUNDS * 50 + 1


def test_the_same_points_in_any_order_are_kept_once_and_the_latest_is_the_greatest(ada: User, run: Run) -> None:
    log(ada, run, metrics=[point("loss", 0.0)])  # once a key is known, nothing but the points makes writers wait

    def write(writer: int) -> None:
        for number in range(ROUNDS):
            names = shuffled(writer, number, lambda index: index, 500)
            log(ada, run, metrics=[point("loss", float(step), step=step + 500 * number) for step in names])

    at_once(write)
    assert Metric.objects.filter(run_id=run.pk).count() == 500 * ROUNDS
    kept = LatestMetric.objects.get(run=run)
    assert (kept.step, kept.value) == (500 * ROUNDS - 1, 499.0)


def test_points_of_eight_writers_are_all_there_and_the_latest_is_the_greatest(ada: User, run: Run) -> None:
    def write(writer: int) -> None:
        for step in range(20):
            run_data.log_metric(
                run=row(ada, run), metric=point("loss", float(writer), step=step * WRITERS + writer), user=ada
            )

    at_once(write)
    assert Metric.objects.filter(run_id=run.pk).count() == 20 * WRITERS
    kept = LatestMetric.objects.get(run=run)
    assert (kept.step, kept.value) == (20 * WRITERS - 1, float(WRITERS - 1))


def test_of_different_values_for_a_param_one_wins_and_the_batches_of_the_others_leave_nothing(
    ada: User, experiment: Experiment
) -> None:
    for _ in range(ROUNDS):
        run = make_run(experiment, ada)

        def write(writer: int, run: Run = run) -> bool:
            try:
                log(
                    ada,
                    run,
                    metrics=[point(f"of {writer}", 1.0)],
                    params=[Param(key="seed", value=str(writer)), Param(key=f"own {writer}", value="1")],
                )
            except InvalidParameter:
                return False
            return True

        won = at_once(write)
        assert won.count(True) == 1
        winner = won.index(True)
        kept = dict(ParamRow.objects.filter(run=run).values_list("key", "value"))
        assert kept == {"seed": str(winner), f"own {winner}": "1"}
        assert [metric.key.name for metric in LatestMetric.objects.filter(run=run)] == [f"of {winner}"]
        assert Metric.objects.filter(run_id=run.pk).count() == 1


def test_runs_that_share_datasets_and_models_do_not_lock_each_other_out(ada: User, experiment: Experiment) -> None:
    models = [make_model(experiment, ada).model_id for _ in range(10)]
    made = [make_run(experiment, ada) for _ in range(2)]

    def dataset(index: int) -> DatasetInput:
        described = Dataset(name=f"d{index}", digest="1", source_type="local", source="{}")
        return DatasetInput(dataset=described, tags=[InputTag(key="context", value="training")])

    def write(writer: int) -> None:
        run = row(ada, made[writer % 2])
        for number in range(ROUNDS):
            inputs.log_inputs(
                run=run,
                datasets=shuffled(writer, number, dataset, 10),
                models=shuffled(writer, number, lambda index: ModelInput(model_id=models[index]), 10),
                user=ada,
            )
            outputs = shuffled(writer, number, lambda index: ModelOutput(model_id=models[index]), 10)
            inputs.log_outputs(run=run, models=outputs, user=ada)
            metrics = shuffled(writer, number, lambda index: point(f"m{index}", 1.0, model_id=models[index]), 10)
            log(ada, made[writer % 2], metrics=metrics)

    at_once(write)
    assert DatasetRow.objects.count() == 10
    assert DatasetInputRow.objects.count() == ModelInputRow.objects.count() == LoggedModelMetric.objects.count() == 20
    assert all(taken.tags.count() == 1 for taken in DatasetInputRow.objects.all())


def test_of_experiments_of_the_same_name_one_is_made(ada: User) -> None:
    def make(_: int) -> bool:
        try:
            make_experiment(ada, "wanted")
        except AlreadyExists:
            return False
        return True

    assert at_once(make).count(True) == 1
    assert Experiment.objects.filter(name="wanted").count() == 1


def test_a_run_is_either_restored_whole_or_gone_whole_when_gc_comes_at_the_same_time(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    for _ in range(ROUNDS):
        run = make_run(experiment, ada)
        log(ada, run, metrics=[point("m", 1.0)], params=[Param(key="p", value="1")])
        held = row(ada, run)
        delete(ada, run, days_ago=31)

        def act(writer: int, held: RunRow = held) -> str:
            if writer:
                gc.collect(older_than=timedelta(days=30), by=system("gc"), report=lambda *_: None)
                return ""
            try:
                runs.restore_run(run=held, by=ada.actor())
            except (NotFound, Run.DoesNotExist):
                return "gone"
            return "restored"

        restored = at_once(act, writers=3)[0] == "restored"
        assert Run.objects.filter(pk=run.pk, lifecycle_stage="active").exists() == restored
        for kept in (Metric.objects, LatestMetric.objects, ParamRow.objects):
            assert kept.filter(run_id=run.pk).exists() == restored


def test_a_key_of_a_batch_that_was_undone_is_not_remembered(ada: User, run: Run) -> None:
    log(ada, run, params=[Param(key="lr", value="1")])
    with pytest.raises(NotFound):
        log(ada, run, metrics=[point("fresh", 1.0), point("other", 1.0, model_id="m-none")])
    assert "fresh" not in keys.known
    assert not MetricKey.objects.exists()
    other = MetricKey.objects.create(name="taken meanwhile")
    log(ada, run, metrics=[point("fresh", 2.0)])
    assert keys.known["fresh"] == MetricKey.objects.get(name="fresh").pk != other.pk
    assert LatestMetric.objects.get(run=run).key.name == "fresh"
