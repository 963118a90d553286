"""A run that is moved to another experiment: it is there with all that it logged, and its files stay where they are."""

import threading
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.audit.sentences import sentence
from apps.tracking.artifacts import seals
from apps.tracking.artifacts.places import logged_model_place, place_of, run_place
from apps.tracking.artifacts.services import upload
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.choices import Lifecycle
from apps.tracking.entities import Dataset, DatasetInput, InputTag, ModelOutput, Tag
from apps.tracking.models import ArtifactFile, Experiment, LoggedModel, Run, Seal
from apps.tracking.models import Dataset as DatasetRow
from apps.tracking.queries.experiment_search import dataset_summaries
from apps.tracking.queries.runs import get_run, run_row
from apps.tracking.services import experiments, gc, inputs
from apps.tracking.services.moving import move_run
from mlregistry.actor import system
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Level
from tests.tracking.making import (
    delete,
    delete_experiment,
    delete_model,
    log,
    make_experiment,
    make_model,
    make_run,
    point,
    row,
)

MONTH = timedelta(days=30)
HOLDER = "registry.modelversion:1"


@pytest.fixture
def other(ada: User) -> Experiment:
    return make_experiment(ada, "second")


@pytest.fixture
def run(experiment: Experiment, ada: User, store: LocalStore) -> Run:
    """A run with a file."""
    made = make_run(experiment, ada, name="parent")
    keep(ada, made)
    return made


@pytest.fixture
def model(experiment: Experiment, ada: User, run: Run) -> LoggedModel:
    """A model that the run logged, with a file."""
    made = make_model(experiment, ada, source_run_id=run.uuid)
    inputs.log_outputs(run=row(ada, run), models=[ModelOutput(model_id=made.model_id)], user=ada)
    place = logged_model_place(ada, made.model_id, at_least=Level.EDIT)[0].below("MLmodel")
    upload(place=place, chunks=[b"flavors: {}"], by=ada.actor())
    return made


def keep(user: User, run: Run) -> str:
    """A file of the run's, by its path in the store."""
    place = run_place(user, run.uuid, at_least=Level.EDIT)[0].below("model/weights")
    upload(place=place, chunks=[b"1234"], by=user.actor())
    return place.path


def nested(user: User, parent: Run, *, name: str = "child") -> Run:
    return make_run(parent.experiment, user, name=name, tags=[Tag(key="mlflow.parentRunId", value=parent.uuid)])


def move(user: User, run: Run, to: Experiment) -> list[str]:
    return move_run(run=run_row(user, run.uuid, at_least=Level.EDIT), to=to, by=user.actor())


def where(run: Run | LoggedModel) -> tuple[int, int | None]:
    run.refresh_from_db()
    return run.experiment_id, run.located_in_id


def take(user: User, run: Run, name: str = "iris") -> None:
    dataset = Dataset(name=name, digest="d1", source_type="local", source="{}", schema="{}")
    given = DatasetInput(dataset=dataset, tags=[InputTag(key="mlflow.data.context", value="training")])
    inputs.log_inputs(run=row(user, run), datasets=[given], models=[], user=user)


def collect() -> gc.Outcome:
    return gc.collect(older_than=MONTH, by=system("gc"), report=lambda *_: None)


def test_it_is_there_with_its_models_and_its_files_stay(
    ada: User, experiment: Experiment, other: Experiment, run: Run, *, model: LoggedModel, store: LocalStore
) -> None:
    left, lefts_model = make_run(experiment, ada), make_model(experiment, ada)
    log(ada, run, metrics=[point("loss", 0.5)])
    uris = run.artifact_uri, model.artifact_location

    assert move(ada, run, other) == [run.uuid]

    assert where(run) == where(model) == (other.pk, experiment.pk)
    assert where(left) == where(lefts_model) == (experiment.pk, None)
    assert (run.artifact_uri, model.artifact_location) == uris
    assert set(ArtifactFile.objects.values_list("experiment", flat=True)) == {other.pk}
    for place, path in (
        (run_place(ada, run.uuid, at_least=Level.EDIT)[0], "model/weights"),
        (logged_model_place(ada, model.model_id, at_least=Level.EDIT)[0], "MLmodel"),
    ):
        assert place.experiment_id == other.pk
        assert place_of(place.uri) == place
        assert store.exists(place.below(path).path)


def test_the_record_says_from_where_to_where(ada: User, other: Experiment, run: Run) -> None:
    child = nested(ada, run)
    move(ada, run, other)
    told = [sentence(entry) for entry in Entry.objects.filter(action="tracking.run.move").order_by("sequence")]
    assert told == [
        f"ada moved run {name} ({uuid}) from experiment first to second"
        for name, uuid in (("parent", run.uuid), ("child", child.uuid))
    ]


def test_what_is_nested_goes_along_however_deep_and_a_child_goes_alone(
    ada: User, experiment: Experiment, other: Experiment, run: Run
) -> None:
    child = nested(ada, run)
    grandchild = nested(ada, child)
    dropped = nested(ada, child)
    delete(ada, dropped)
    elsewhere = make_run(other, ada, tags=[Tag(key="mlflow.parentRunId", value=run.uuid)])

    assert move(ada, child, other) == [child.uuid, grandchild.uuid, dropped.uuid]
    assert where(run) == (experiment.pk, None)
    assert where(dropped) == (other.pk, experiment.pk)
    assert not Run.objects.get(pk=dropped.pk).is_active
    assert move(ada, run, other) == [run.uuid]
    assert where(elsewhere) == (other.pk, None)


def test_runs_that_are_nested_in_each_other_are_moved_once(ada: User, other: Experiment, run: Run) -> None:
    child = nested(ada, run)
    log(ada, run, tags=[Tag(key="mlflow.parentRunId", value=child.uuid)])
    assert sorted(move(ada, run, other)) == sorted([run.uuid, child.uuid])
    assert Entry.objects.filter(action="tracking.run.move").count() == 2


def test_a_large_family_takes_statements_by_the_record_alone(ada: User, other: Experiment, run: Run) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            move(ada, run, other)
        move(ada, run, Experiment.objects.get(pk=run.experiment_id))
        return len([query for query in queries if "audit" not in query["sql"]])

    nested(ada, run)
    few = statements()
    for _ in range(10):
        nested(ada, run)
    assert statements() == few + 10, "one for what is known of the files of each, no more"


def test_data_sets_are_taken_along_and_what_nobody_uses_any_more_goes(
    ada: User, experiment: Experiment, other: Experiment, run: Run
) -> None:
    for one in (run, make_run(other, ada)):
        take(ada, one)
    take(ada, run, "wine")

    move(ada, run, other)

    summaries = dataset_summaries(ada, [str(other.pk)])
    assert {(found["name"], found["context"]) for found in summaries} == {("iris", "training"), ("wine", "training")}
    assert dataset_summaries(ada, [str(experiment.pk)]) == []
    assert DatasetRow.objects.get(experiment=other, name="wine").schema == "{}"
    assert collect().datasets == 2


def test_what_comes_home_lies_where_it_is_and_what_is_moved_on_where_it_lay(
    ada: User, experiment: Experiment, other: Experiment, run: Run, model: LoggedModel
) -> None:
    third = make_experiment(ada, "third")
    move(ada, run, other)
    late = make_model(other, ada, source_run_id=run.uuid)
    move(ada, run, third)
    assert where(run) == where(model) == (third.pk, experiment.pk)
    assert where(late) == (third.pk, other.pk)
    move(ada, run, experiment)
    assert where(run) == where(model) == (experiment.pk, None)
    assert where(late) == (experiment.pk, other.pk)
    assert run_place(ada, run.uuid, at_least=Level.EDIT)[0] == place_of(run.artifact_uri)


def test_moving_it_to_where_it_is_changes_nothing(ada: User, experiment: Experiment, run: Run) -> None:
    assert move(ada, run, experiment) == []
    assert not Entry.objects.filter(action="tracking.run.move").exists()


def test_it_is_not_moved_into_what_is_deleted_and_not_by_what_was_known_before(
    ada: User, experiment: Experiment, other: Experiment, run: Run
) -> None:
    known = run_row(ada, run.uuid, at_least=Level.EDIT)
    third = make_experiment(ada, "third")
    delete_experiment(ada, third)
    with pytest.raises(InvalidParameter, match="must be in the 'active' state"):
        move(ada, run, third)
    move(ada, run, other)
    with pytest.raises(NotFound):
        move_run(run=known, to=make_experiment(ada, "fourth"), by=ada.actor())
    Experiment.objects.filter(pk=third.pk).update(lifecycle_stage=Lifecycle.PURGING)
    with pytest.raises(NotFound):
        move(ada, run, third)
    assert where(run) == (other.pk, experiment.pk)


def test_deleting_and_restoring_the_old_experiment_does_not_touch_it(
    ada: User, experiment: Experiment, other: Experiment, run: Run
) -> None:
    move(ada, run, other)
    delete_experiment(ada, experiment)
    assert get_run(ada, run.uuid).is_active
    delete(ada, run)
    experiments.restore_experiment(experiment=experiment, by=ada.actor())
    assert not get_run(ada, run.uuid).is_active


@pytest.mark.parametrize("location", ["", "mlflow-artifacts:/named"])
def test_gc_of_the_old_experiment_leaves_its_files_until_it_goes_itself(
    ada: User, other: Experiment, store: LocalStore, location: str
) -> None:
    old = make_experiment(ada, "old", location=location)
    run, left = make_run(old, ada), make_run(old, ada)
    path, left_path = keep(ada, run), keep(ada, left)
    move(ada, run, other)
    delete_experiment(ada, old, days_ago=31)

    outcome = collect()

    assert (outcome.runs, outcome.experiments, outcome.holding) == (1, 0, 1)
    assert (store.exists(path), store.exists(left_path)) == (True, False)
    assert Experiment.objects.get(pk=old.pk).lifecycle_stage == Lifecycle.DELETED
    assert run_place(ada, run.uuid, at_least=Level.EDIT)[0].experiment_id == other.pk

    delete(ada, run, days_ago=31)
    assert collect().runs == 1
    assert not store.exists(path)
    assert not ArtifactFile.objects.exists()
    assert collect().experiments == 1
    assert list(Experiment.objects.filter(pk__in=(old.pk, other.pk))) == [other]


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_the_command_says_how_many_experiments_stay_for_it(
    ada: User, experiment: Experiment, other: Experiment, run: Run, *, options: list[str]
) -> None:
    move(ada, run, other)
    delete_experiment(ada, experiment, days_ago=31)
    told = StringIO()
    call_command("gc", *options, stdout=told)
    assert "1 experiments stay because files of what was moved out of them lie there." in told.getvalue()


def test_gc_of_the_old_experiment_leaves_a_moved_model(
    ada: User, experiment: Experiment, other: Experiment, run: Run, *, model: LoggedModel, store: LocalStore
) -> None:
    move(ada, run, other)
    delete(ada, run, days_ago=31)
    delete_experiment(ada, experiment, days_ago=31)
    outcome = collect()
    assert (outcome.runs, outcome.logged_models, outcome.experiments) == (1, 0, 0)
    place = logged_model_place(ada, model.model_id, at_least=Level.EDIT)[0].below("MLmodel")
    assert store.exists(place.path)
    delete_model(ada, model, days_ago=31)
    assert (collect().logged_models, collect().experiments) == (1, 1)
    assert not store.exists(place.path)


def test_gc_of_the_new_experiment_takes_it_with_its_files(
    ada: User, experiment: Experiment, other: Experiment, run: Run, *, model: LoggedModel, store: LocalStore
) -> None:
    kept = make_run(experiment, ada)
    paths = [keep(ada, kept), run_place(ada, run.uuid, at_least=Level.EDIT)[0].path]
    move(ada, run, other)
    delete_experiment(ada, other, days_ago=31)
    outcome = collect()
    assert (outcome.runs, outcome.logged_models, outcome.experiments) == (1, 1, 1)
    assert [store.exists(path) for path in paths] == [True, False]
    assert get_run(ada, kept.uuid).is_active


def test_an_experiment_being_removed_keeps_the_folder_while_it_holds_anything(
    ada: User, experiment: Experiment, other: Experiment, run: Run, store: LocalStore
) -> None:
    """Whatever marked it: a release that did not know of moving, say."""
    move(ada, run, other)
    Experiment.objects.filter(pk=experiment.pk).update(lifecycle_stage=Lifecycle.PURGING)
    assert collect().experiments == 0
    assert store.exists(run_place(ada, run.uuid, at_least=Level.EDIT)[0].path)


def test_sealed_files_stay_sealed_and_keep_what_they_are_in_now(
    ada: User, experiment: Experiment, other: Experiment, run: Run, *, model: LoggedModel, store: LocalStore
) -> None:
    for number, location in enumerate((f"{run.artifact_uri}/model", model.artifact_location)):
        seals.seal(place=place_of(location), holder=f"registry.modelversion:{number}")
    stale = run_place(ada, run.uuid, at_least=Level.EDIT)[0]
    move(ada, run, other)

    assert set(Seal.objects.values_list("experiment", flat=True)) == {other.pk}
    with pytest.raises(PermissionDenied, match="is made of these files"):
        keep(ada, run)
    with pytest.raises(NotFound, match="being moved"):
        seals.seal(place=stale.below("late"), holder=HOLDER)
    seals.seal(place=place_of(f"{run.artifact_uri}/late"), holder=HOLDER)
    for deleted in (other, experiment):
        delete_experiment(ada, deleted, days_ago=31)
    outcome = collect()
    assert (outcome.runs, outcome.logged_models, outcome.experiments) == (0, 0, 0)
    assert where(run) == where(model) == (other.pk, experiment.pk)


def test_a_seal_of_no_run_keeps_what_lies_in_its_experiments_location(
    ada: User, experiment: Experiment, other: Experiment, run: Run, store: LocalStore
) -> None:
    come = make_run(other, ada)
    move(ada, run, other)
    move(ada, come, experiment)
    seals.seal(place=place_of(f"{experiment.artifact_location}/traces/tr-1"), holder=HOLDER)
    for one in (run, come):
        delete(ada, one, days_ago=31)
    outcome = collect()
    assert (outcome.runs, outcome.sealed) == (1, 1)
    assert Run.objects.filter(pk=run.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_being_moved_out_keeps_the_experiment_from_a_gc_that_runs_meanwhile(
    ada: User, experiment: Experiment, other: Experiment, run: Run, store: LocalStore
) -> None:
    delete_experiment(ada, experiment, days_ago=31)
    Run.objects.filter(pk=run.pk).update(lifecycle_stage=Lifecycle.ACTIVE, deleted_time=None)  # restored alone
    outcomes: list[gc.Outcome] = []

    def run_gc() -> None:
        outcomes.append(collect())
        connection.close()

    collecting = threading.Thread(target=run_gc)
    with transaction.atomic():
        move(ada, run, other)
        collecting.start()
        time.sleep(0.5)
    collecting.join()

    assert (outcomes[0].runs, outcomes[0].experiments) == (0, 0)
    assert Experiment.objects.get(pk=experiment.pk).lifecycle_stage == Lifecycle.DELETED
    assert store.exists(run_place(ada, run.uuid, at_least=Level.EDIT)[0].path)
