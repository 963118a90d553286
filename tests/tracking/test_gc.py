"""gc: what has been deleted for long goes for good, files first; what was restored stays."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.tracking import models
from apps.tracking.artifacts.locations import proxied_path
from apps.tracking.artifacts.places import run_place
from apps.tracking.artifacts.services import upload
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.choices import Lifecycle
from apps.tracking.entities import Dataset, DatasetInput, InputTag, ModelInput, ModelOutput, Param, Tag
from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.models.artifacts import ArtifactFile
from apps.tracking.queries.experiments import get_experiment
from apps.tracking.queries.logged_models import get_logged_model
from apps.tracking.queries.runs import run_row
from apps.tracking.services import experiments, gc, inputs, purge, runs
from mlregistry.actor import system
from mlregistry.errors import Busy, NotFound
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
TABLES_OF_A_RUN = (
    models.Metric,
    models.LatestMetric,
    models.Param,
    models.RunTag,
    models.DatasetInput,
    models.InputTag,
    models.ModelInput,
    models.ModelOutput,
    models.LoggedModelMetric,
)


def collect(older_than: timedelta = MONTH) -> gc.Outcome:
    return gc.collect(older_than=older_than, by=system("gc"), report=lambda *_: None)


def take_dataset(user: User, run: Run, name: str = "iris") -> None:
    dataset = Dataset(name=name, digest="d1", source_type="local", source="{}")
    given = DatasetInput(dataset=dataset, tags=[InputTag(key="context", value="training")])
    inputs.log_inputs(run=row(user, run), datasets=[given], models=[], user=user)


def fill(user: User, run: Run, model: LoggedModel) -> None:
    """Something in every table that belongs to a run."""
    steps = [point("loss", 1.0, step=step) for step in range(5)]
    log(
        user,
        run,
        metrics=[*steps, point("auc", 0.5, model_id=model.model_id)],
        params=[Param(key="lr", value="0.1")],
        tags=[Tag(key="team", value="red")],
    )
    take_dataset(user, run)
    inputs.log_inputs(run=row(user, run), datasets=[], models=[ModelInput(model_id=model.model_id)], user=user)
    inputs.log_outputs(run=row(user, run), models=[ModelOutput(model_id=model.model_id, step=1)], user=user)


def put_file(store: LocalStore, location: str, name: str = "weights.bin") -> str:
    path = f"{proxied_path(location)}/{name}"
    store.write(path, [b"1234"])
    return path


def purged(action: str) -> list[str]:
    return list(Entry.objects.filter(action=action).order_by("sequence").values_list("target_id", flat=True))


def test_a_run_deleted_long_ago_goes_with_all_its_rows_and_files(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    run, model = make_run(experiment, ada), make_model(experiment, ada)
    fill(ada, run, model)
    assert all(table._default_manager.exists() for table in TABLES_OF_A_RUN)
    path = put_file(store, run.artifact_uri)
    delete(ada, run, days_ago=31)

    outcome = collect()

    assert (outcome.runs, outcome.datasets, outcome.left, outcome.failed) == (1, 1, [], {})
    assert not any(table._default_manager.exists() for table in TABLES_OF_A_RUN)
    assert not Run.objects.exists()
    assert not store.exists(path)
    assert not (store.root / str(experiment.pk) / run.uuid).exists()  # nor does an empty folder stay behind
    assert LoggedModel.objects.filter(pk=model.pk).exists()


def test_each_thing_that_goes_is_in_the_audit_record_with_its_id_and_location(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    run = make_run(experiment, ada, name="gone")
    delete(ada, run, days_ago=31)
    collect()
    entry = Entry.objects.get(action="tracking.run.purge")
    assert (entry.username, entry.target_name) == ("system:gc", "gone")
    assert entry.details == {"run_id": run.uuid, "experiment": str(experiment.pk), "location": run.artifact_uri}


@pytest.mark.parametrize("days_ago", [0, 29.9])
def test_a_run_deleted_lately_stays(ada: User, experiment: Experiment, store: LocalStore, days_ago: float) -> None:
    run, active = make_run(experiment, ada), make_run(experiment, ada)
    path = put_file(store, run.artifact_uri)
    delete(ada, run, days_ago=days_ago)
    assert collect().runs == 0
    assert store.exists(path)
    assert {run.pk, active.pk} == set(Run.objects.values_list("pk", flat=True))


def test_nothing_of_other_runs_goes_with_a_run(ada: User, experiment: Experiment, store: LocalStore) -> None:
    gone, kept, model = make_run(experiment, ada), make_run(experiment, ada), make_model(experiment, ada)
    fill(ada, gone, model)
    fill(ada, kept, model)
    path = put_file(store, kept.artifact_uri)
    before = {table: table._default_manager.count() for table in TABLES_OF_A_RUN}
    delete(ada, gone, days_ago=31)
    assert collect().datasets == 0
    for table, count in before.items():
        assert table._default_manager.count() == count / 2, table
    assert store.exists(path)


def test_a_long_history_goes_in_bounded_chunks(
    ada: User, experiment: Experiment, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "CHUNK", 7)
    run = make_run(experiment, ada)
    nan_and_infinite = [point("loss", value, step=step) for step in range(9) for value in (float("nan"), float("inf"))]
    log(ada, run, metrics=[*nan_and_infinite, *(point("auc", 0.1, step=step) for step in range(10))])
    delete(ada, run, days_ago=31)
    said: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        gc.collect(older_than=MONTH, by=system("gc"), report=lambda *told: said.append(told[2]))
    deletes = [query for query in queries if "DELETE FROM tracking_metric" in query["sql"]]
    assert len(deletes) == 28 // 7 + 1
    assert "7 points" in said
    assert "28 points" in said
    assert not models.Metric.objects.exists()


def test_a_run_restored_after_the_selection_is_spared(
    ada: User, experiment: Experiment, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "BATCH", 1)
    first, second = make_run(experiment, ada), make_run(experiment, ada)
    path = put_file(store, second.artifact_uri)
    for run in (first, second):
        delete(ada, run, days_ago=31)

    def restore_the_second(*_: object) -> None:
        runs.restore_run(run=run_row(ada, second.uuid, at_least=Level.MANAGE), by=ada.actor())

    outcome = gc.collect(older_than=MONTH, by=system("gc"), report=restore_the_second)
    assert outcome.runs == 1
    assert Run.objects.get().lifecycle_stage == Lifecycle.ACTIVE
    assert store.exists(path)
    assert purged("tracking.run.purge") == [str(first.pk)]


def test_what_is_being_removed_is_absent_for_everybody_and_cannot_be_restored(
    ada: User, root: User, experiment: Experiment
) -> None:
    run, model = make_run(experiment, ada), make_model(experiment, ada)
    held = run_row(ada, run.uuid, at_least=Level.MANAGE)
    for table in (Run, LoggedModel, Experiment):
        table._default_manager.exclude(pk=0).update(lifecycle_stage=Lifecycle.PURGING)
    for user in (ada, root):
        with pytest.raises(NotFound):
            run_row(user, run.uuid, at_least=Level.READ)
        with pytest.raises(NotFound):
            get_logged_model(user, model.model_id, at_least=Level.READ, deleted=True)
        with pytest.raises(NotFound):
            get_experiment(user, str(experiment.pk), at_least=Level.READ)
    with pytest.raises(NotFound):
        runs.restore_run(run=held, by=ada.actor())
    with pytest.raises(NotFound):
        experiments.restore_experiment(
            experiment=Experiment(pk=experiment.pk, lifecycle_stage="deleted"), by=ada.actor()
        )


def test_restoring_an_experiment_brings_back_no_run_that_is_being_removed(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    delete_experiment(ada, experiment)
    Run.objects.filter(pk=run.pk).update(lifecycle_stage=Lifecycle.PURGING)
    experiments.restore_experiment(experiment=experiment, by=ada.actor())
    assert Run.objects.get().lifecycle_stage == Lifecycle.PURGING


def test_a_logged_model_deleted_long_ago_goes_with_its_rows_and_files(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    run, model, later = make_run(experiment, ada), make_model(experiment, ada), make_model(experiment, ada)
    fill(ada, run, model)
    path, kept = put_file(store, model.artifact_location), put_file(store, later.artifact_location)
    delete_model(ada, model, days_ago=31)
    delete_model(ada, later, days_ago=1)
    assert collect().logged_models == 1
    assert list(LoggedModel.objects.all()) == [later]
    for table in (models.LoggedModelMetric, models.ModelInput, models.ModelOutput):
        assert not table._default_manager.exists()
    for table in (models.LoggedModelParam, models.LoggedModelTag):
        assert table._default_manager.get().model == later
    assert (store.exists(path), store.exists(kept)) == (False, True)
    assert purged("tracking.logged_model.purge") == [str(model.pk)]


def test_an_experiment_goes_with_its_models_grants_datasets_and_folder(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    run, model = make_run(experiment, ada), make_model(experiment, ada)
    fill(ada, run, model)
    put_file(store, run.artifact_uri)
    put_file(store, model.artifact_location)
    delete_experiment(ada, experiment, days_ago=31)
    outcome = collect()
    assert (outcome.runs, outcome.logged_models, outcome.experiments, outcome.datasets) == (1, 1, 1, 1)
    assert list(Experiment.objects.values_list("pk", flat=True)) == [0]
    assert not models.ExperimentUserGrant.objects.exists()
    assert not (store.root / str(experiment.pk)).exists()
    assert purged("tracking.experiment.purge") == [str(experiment.pk)]


def test_an_experiment_with_something_that_stays_is_kept(ada: User, experiment: Experiment, store: LocalStore) -> None:
    other, third = make_experiment(ada, "other"), make_experiment(ada, "third")
    restored = make_run(experiment, ada)
    lately = make_run(other, ada)
    lost_lately = make_model(third, ada)
    for each in (experiment, other, third):
        delete_experiment(ada, each, days_ago=31)
    runs.restore_run(run=run_row(ada, restored.uuid, at_least=Level.MANAGE), by=ada.actor())
    delete(ada, lately, days_ago=1)
    delete_model(ada, lost_lately, days_ago=1)
    outcome = collect()
    assert (outcome.runs, outcome.experiments, outcome.logged_models) == (0, 0, 0)
    assert Experiment.objects.filter(lifecycle_stage=Lifecycle.DELETED).count() == 3


def test_the_default_experiment_stays_but_its_runs_go(ada: User, root: User, store: LocalStore) -> None:
    default = Experiment.objects.get(pk=0)
    make_run(default, root)
    delete_experiment(root, default, days_ago=31)
    outcome = collect()
    assert (outcome.runs, outcome.experiments) == (1, 0)
    assert Experiment.objects.get().pk == 0


def test_the_name_of_an_experiment_that_went_is_free_again(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    delete_experiment(ada, experiment, days_ago=31)
    collect()
    assert make_experiment(ada, experiment.name).pk != experiment.pk


def test_files_that_clients_keep_elsewhere_are_left_and_named(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    run = make_run(experiment, ada)
    location = f"s3://theirs/first/{run.uuid}/artifacts"
    Run.objects.filter(pk=run.pk).update(artifact_uri=location)
    delete(ada, run, days_ago=31)
    outcome = collect()
    assert (outcome.runs, outcome.left) == (1, [location])


def test_what_is_known_of_files_goes_with_them_and_of_no_others(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    gone, kept = make_run(experiment, ada), make_run(experiment, ada)
    for run in (gone, kept):
        place, _ = run_place(ada, run.uuid, at_least=Level.EDIT)
        for name in ("a.txt", "deep/er/b.txt"):
            upload(place=place.below(name), chunks=[b"x"], by=ada.actor())
    delete(ada, gone, days_ago=31)
    collect()
    assert set(ArtifactFile.objects.values_list("uri", flat=True)) == {
        f"{kept.artifact_uri}/a.txt",
        f"{kept.artifact_uri}/deep/er/b.txt",
    }


@pytest.mark.parametrize(
    "planted", ["mlflow-artifacts:/", "mlflow-artifacts:/..", "mlflow-artifacts:/1", "mlflow-artifacts:/1/artifacts"]
)
def test_a_planted_location_deletes_nothing_but_the_runs_own_folder(
    ada: User, experiment: Experiment, store: LocalStore, planted: str
) -> None:
    run, other = make_run(experiment, ada), make_run(experiment, ada)
    path = put_file(store, other.artifact_uri)
    Run.objects.filter(pk=run.pk).update(artifact_uri=planted)
    delete(ada, run, days_ago=31)
    assert collect().left == [planted]
    assert store.exists(path)


def test_a_store_that_refuses_keeps_the_rows_until_the_next_time(
    ada: User, experiment: Experiment, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(experiment, ada)
    log(ada, run, params=[Param(key="lr", value="1")])
    put_file(store, run.artifact_uri)
    delete_experiment(ada, experiment, days_ago=31)

    def refuse(path: str) -> None:
        raise Busy("The artifact store is busy; try again later.")

    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", refuse)
        outcome = collect()
    assert outcome.failed == {run.artifact_uri: "The artifact store is busy; try again later."}
    assert (outcome.runs, outcome.experiments) == (0, 0)
    assert models.Param.objects.exists()

    outcome = collect()
    assert (outcome.runs, outcome.experiments, outcome.failed) == (1, 1, {})
    assert purged("tracking.run.purge") == [str(run.pk)]  # marked once, recorded once


def test_a_dataset_goes_with_the_last_run_that_took_it(ada: User, experiment: Experiment, store: LocalStore) -> None:
    first, second = make_run(experiment, ada), make_run(experiment, ada)
    take_dataset(ada, first)
    take_dataset(ada, second)
    take_dataset(ada, first, name="wine")
    delete(ada, first, days_ago=31)
    assert collect().datasets == 1
    assert models.Dataset.objects.get().name == "iris"
    delete(ada, second, days_ago=31)
    assert collect().datasets == 1
    assert not models.Dataset.objects.exists()


def test_progress_ends_with_all_of_all(ada: User, experiment: Experiment, store: LocalStore) -> None:
    for _ in range(3):
        make_run(experiment, ada)
    make_model(experiment, ada)
    delete_experiment(ada, experiment, days_ago=31)
    said: list[tuple[int, int]] = []
    gc.collect(older_than=MONTH, by=system("gc"), report=lambda done, total, _: said.append((done, total)))
    assert said[-1] == (5, 5)
    assert [done for done, _ in said] == sorted(done for done, _ in said)
