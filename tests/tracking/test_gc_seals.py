"""gc and sealed files: what something is made of stays, with all that it belongs to, until it is needed no longer."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from apps.accounts.models import User
from apps.tracking import models
from apps.tracking.artifacts import seals
from apps.tracking.artifacts.places import place_of, run_place
from apps.tracking.artifacts.services import upload
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.choices import Lifecycle
from apps.tracking.entities import Dataset, DatasetInput, Param
from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.models.artifacts import ArtifactFile
from apps.tracking.services import gc, inputs
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.tracking.making import delete, delete_experiment, delete_model, log, make_model, make_run, row

MONTH = timedelta(days=30)
HOLDER = "registry.modelversion:1"


def collect(report: Callable[[int, int, str], None] = lambda *_: None) -> gc.Outcome:
    return gc.collect(older_than=MONTH, by=system("gc"), report=report)


def seal(location: str, path: str = "/model") -> None:
    seals.seal(place=place_of(f"{location}{path}"), holder=HOLDER)


def keep(user: User, run: Run) -> str:
    """A file of the run's, by its path in the store."""
    place = run_place(user, run.uuid, at_least=Level.EDIT)[0].below("model/weights")
    upload(place=place, chunks=[b"1234"], by=user.actor())
    return place.path


def test_a_run_with_sealed_files_stays_whole_and_is_counted(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    kept, gone = make_run(experiment, ada), make_run(experiment, ada)
    log(ada, kept, params=[Param(key="lr", value="1")])
    dataset = Dataset(name="iris", digest="d1", source_type="local", source="{}")
    inputs.log_inputs(run=row(ada, kept), datasets=[DatasetInput(dataset=dataset)], models=[], user=ada)
    paths = {run: keep(ada, run) for run in (kept, gone)}
    seal(kept.artifact_uri)
    for run in (kept, gone):
        delete(ada, run, days_ago=31)

    outcome = collect()

    assert (outcome.runs, outcome.sealed, outcome.datasets) == (1, 1, 0)
    assert list(Run.objects.all()) == [kept]
    assert (store.exists(paths[kept]), store.exists(paths[gone])) == (True, False)
    assert models.Param.objects.get().run == kept
    assert ArtifactFile.objects.get().uri == f"{kept.artifact_uri}/model/weights"


def test_it_goes_with_the_next_run_of_gc_once_nobody_needs_it(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    run = make_run(experiment, ada)
    path = keep(ada, run)
    seal(run.artifact_uri)
    delete(ada, run, days_ago=31)
    collect()
    seals.unseal(holder=HOLDER)

    outcome = collect()

    assert (outcome.runs, outcome.sealed) == (1, 0)
    assert not store.exists(path)


def test_a_logged_model_with_sealed_files_stays(ada: User, experiment: Experiment, store: LocalStore) -> None:
    kept, gone = make_model(experiment, ada), make_model(experiment, ada)
    seal(kept.artifact_location, "")
    for model in (kept, gone):
        delete_model(ada, model, days_ago=31)

    outcome = collect()

    assert (outcome.logged_models, outcome.sealed) == (1, 1)
    assert list(LoggedModel.objects.all()) == [kept]


def test_an_experiment_stays_with_what_is_sealed_in_it_and_the_rest_of_it_goes(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    kept, gone = make_run(experiment, ada), make_run(experiment, ada)
    path = keep(ada, kept)
    seal(kept.artifact_uri)
    delete_experiment(ada, experiment, days_ago=31)

    outcome = collect()

    assert (outcome.runs, outcome.experiments, outcome.sealed) == (1, 0, 2)
    assert not Run.objects.filter(pk=gone.pk).exists()
    assert Experiment.objects.get(pk=experiment.pk).lifecycle_stage == Lifecycle.DELETED
    assert store.exists(path)


def test_an_experiment_with_a_sealed_logged_model_stays_though_the_model_itself_was_not_deleted(
    ada: User, experiment: Experiment, store: LocalStore
) -> None:
    model = make_model(experiment, ada)
    seal(model.artifact_location)
    delete_experiment(ada, experiment, days_ago=31)

    outcome = collect()

    assert (outcome.experiments, outcome.sealed) == (0, 1)
    assert LoggedModel.objects.get() == model


@pytest.mark.parametrize("path", ["/traces/tr-1", "/models"])
def test_a_sealed_folder_of_no_run_keeps_everything_of_its_experiment(
    ada: User, experiment: Experiment, store: LocalStore, path: str
) -> None:
    run, model = make_run(experiment, ada), make_model(experiment, ada)
    seal(experiment.artifact_location, path)
    delete(ada, run, days_ago=31)
    delete_model(ada, model, days_ago=31)

    outcome = collect()

    assert (outcome.runs, outcome.logged_models, outcome.sealed) == (0, 0, 2)


def test_what_is_sealed_after_the_selection_is_spared(
    ada: User, experiment: Experiment, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "BATCH", 1)
    first, second = make_run(experiment, ada), make_run(experiment, ada)
    for run in (first, second):
        delete(ada, run, days_ago=31)

    outcome = collect(report=lambda *_: seal(second.artifact_uri))

    assert (outcome.runs, outcome.sealed) == (1, 1)
    assert Run.objects.get().lifecycle_stage == Lifecycle.DELETED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["run", "logged model", "experiment"])
def test_what_is_being_sealed_while_gc_runs_is_spared(
    ada: User, experiment: Experiment, store: LocalStore, kind: str
) -> None:
    run, model = make_run(experiment, ada), make_model(experiment, ada)
    if kind == "run":
        delete(ada, run, days_ago=31)
    elif kind == "logged model":
        delete_model(ada, model, days_ago=31)
    else:
        Run.objects.all().delete()
        delete_experiment(ada, experiment, days_ago=31)
    outcomes: list[gc.Outcome] = []

    def run_gc() -> None:
        outcomes.append(collect())
        connection.close()

    collecting = threading.Thread(target=run_gc)
    with transaction.atomic():
        seal(run.artifact_uri if kind == "run" else model.artifact_location)
        collecting.start()
        time.sleep(0.5)  # gc has chosen what is due by what was committed, and waits for this transaction
    collecting.join()

    assert (outcomes[0].runs, outcomes[0].logged_models, outcomes[0].experiments) == (0, 0, 0)
    assert outcomes[0].sealed == 1


def test_the_command_says_how_much_stays_for_versions(ada: User, experiment: Experiment, store: LocalStore) -> None:
    run = make_run(experiment, ada)
    seal(run.artifact_uri)
    delete(ada, run, days_ago=31)
    for arguments, first in ((["--dry-run"], "Would delete 0 runs"), ([], "Deleted 0 runs")):
        said = StringIO()
        call_command("gc", *arguments, stdout=said)
        lines = said.getvalue().splitlines()
        assert lines[0].startswith(first)
        assert lines[1] == "1 stay because versions of registered models are made of their files."
