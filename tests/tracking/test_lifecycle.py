"""Creating, naming, finishing, deleting and restoring; each deletion and restoration with its audit row."""

import json

import pytest

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.tracking.choices import Lifecycle, LoggedModelStatus, RunStatus
from apps.tracking.entities import Param, Tag
from apps.tracking.models import Experiment, ExperimentTag, LoggedModel, Run, RunTag
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.experiments import get_experiment, get_experiment_by_name
from apps.tracking.queries.logged_models import get_logged_model
from apps.tracking.queries.runs import get_run, run_row, run_to_write
from apps.tracking.services import experiments, logged_models, run_data, runs
from mlregistry.actor import system
from mlregistry.errors import AlreadyExists, InvalidParameter, InvalidState, NotFound, PermissionDenied
from mlregistry.levels import Level
from tests.tracking.making import delete, make_experiment, make_model, make_run, row

RUN_NAME = "mlflow.runName"


def name_tag(run: Run) -> str:
    return RunTag.objects.get(run=run, key=RUN_NAME).value


def actions() -> list[str]:
    """What the audit record says was done to tracking, in order."""
    return list(
        Entry.objects.filter(action__startswith="tracking.").order_by("sequence").values_list("action", flat=True)
    )


@pytest.mark.parametrize(
    ("name", "tagged", "named"),
    [("given", None, "given"), ("", "tagged", "tagged"), ("same", "same", "same"), ("given", "", "given")],
)
def test_a_run_is_named_by_its_name_or_its_tag_and_both_say_the_same(
    ada: User, experiment: Experiment, name: str, tagged: str | None, named: str
) -> None:
    tags = [] if tagged is None else [Tag(key=RUN_NAME, value=tagged)]
    run = make_run(experiment, ada, name=name, tags=tags)
    assert (run.name, name_tag(run)) == (named, named)


def test_two_different_names_for_a_run_are_refused(ada: User, experiment: Experiment) -> None:
    with pytest.raises(InvalidParameter, match="different values"):
        make_run(experiment, ada, name="one", tags=[Tag(key=RUN_NAME, value="other")])
    assert not Run.objects.exists()


def test_a_run_without_a_name_gets_one(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    assert run.name == name_tag(run) != ""


def test_renaming_a_run_renames_its_tag_and_the_other_way_round(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada, name="first")
    runs.update_run(run=row(ada, run), status=None, end_time=None, name="second")
    assert (get_run(ada, run.uuid).name, name_tag(run)) == ("second", "second")
    run_data.set_tag(run=row(ada, run), key=RUN_NAME, value="third")
    assert (get_run(ada, run.uuid).name, name_tag(run)) == ("third", "third")
    run_data.set_tag(run=row(ada, run), key=RUN_NAME, value="")
    assert (get_run(ada, run.uuid).name, name_tag(run)) == ("third", "third")


def test_an_update_changes_what_is_given_and_nothing_else(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada, name="kept")
    updated = runs.update_run(run=row(ada, run), status=RunStatus.FINISHED, end_time=None, name="")
    assert (updated.status, updated.end_time, updated.name) == ("FINISHED", None, "kept")
    updated = runs.update_run(run=row(ada, run), status=None, end_time=0, name="")
    assert (updated.status, updated.end_time) == ("FINISHED", 0)


def test_a_run_is_not_made_in_a_deleted_experiment(ada: User, experiment: Experiment) -> None:
    experiments.delete_experiment(experiment=experiment, by=ada.actor())
    with pytest.raises(InvalidParameter, match="must be in the 'active' state"):
        make_run(experiment, ada)
    with pytest.raises(InvalidParameter, match="must be in the 'active' state"):
        make_model(experiment, ada)


def test_a_deleted_run_is_read_and_restored_but_not_written_to(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    delete(ada, run)
    assert get_run(ada, run.uuid).lifecycle_stage == Lifecycle.DELETED
    with pytest.raises(InvalidParameter, match="must be in the 'active' state"):
        run_to_write(ada, run.uuid)
    runs.restore_run(run=run_row(ada, run.uuid, at_least=Level.MANAGE), by=ada.actor())
    restored = get_run(ada, run.uuid)
    assert (restored.lifecycle_stage, restored.deleted_time) == (Lifecycle.ACTIVE, None)
    assert actions() == ["tracking.run.delete", "tracking.run.restore"]


def test_an_experiment_is_deleted_and_restored_with_its_runs(ada: User, experiment: Experiment) -> None:
    first, other = make_run(experiment, ada), make_run(make_experiment(ada, "other"), ada)
    experiments.delete_experiment(experiment=experiment, by=ada.actor())
    assert get_run(ada, first.uuid).lifecycle_stage == Lifecycle.DELETED
    assert get_run(ada, other.uuid).lifecycle_stage == Lifecycle.ACTIVE
    with pytest.raises(NotFound):
        experiments.delete_experiment(experiment=experiment, by=ada.actor())
    experiments.restore_experiment(experiment=experiment, by=ada.actor())
    assert get_run(ada, first.uuid).lifecycle_stage == Lifecycle.ACTIVE
    with pytest.raises(NotFound):
        experiments.restore_experiment(experiment=experiment, by=ada.actor())
    entries = Entry.objects.filter(action__startswith="tracking.experiment.").order_by("sequence")
    assert [(entry.action, entry.username, entry.details) for entry in entries] == [
        ("tracking.experiment.delete", "ada", {"runs": 1}),
        ("tracking.experiment.restore", "ada", {"runs": 1}),
    ]


def test_of_two_who_delete_an_experiment_the_second_is_told_that_it_is_not_there(
    ada: User, experiment: Experiment
) -> None:
    stale = Experiment.objects.get(pk=experiment.pk)
    experiments.delete_experiment(experiment=experiment, by=ada.actor())
    with pytest.raises(NotFound):
        experiments.delete_experiment(experiment=stale, by=ada.actor())
    assert actions() == ["tracking.experiment.delete"]


def test_renaming_an_experiment_is_recorded_and_needs_a_free_name_and_an_active_one(
    ada: User, experiment: Experiment
) -> None:
    make_experiment(ada, "taken")
    experiments.rename_experiment(experiment=experiment, name="second", by=ada.actor())
    assert get_experiment_by_name(ada, "second").pk == experiment.pk
    with pytest.raises(AlreadyExists):
        experiments.rename_experiment(experiment=experiment, name="taken", by=ada.actor())
    experiment.refresh_from_db()
    experiments.delete_experiment(experiment=experiment, by=ada.actor())
    with pytest.raises(InvalidState):
        experiments.rename_experiment(experiment=experiment, name="third", by=ada.actor())
    assert Entry.objects.get(action="tracking.experiment.rename").details == {"old": "first", "new": "second"}


def test_tags_of_an_experiment_are_set_replaced_and_deleted(ada: User, experiment: Experiment) -> None:
    for value in ("1", "2"):
        experiments.set_experiment_tag(experiment=experiment, key="team", value=value)
    assert ExperimentTag.objects.get(experiment=experiment).value == "2"
    experiments.delete_experiment_tag(experiment=experiment, key="team")
    with pytest.raises(NotFound):
        experiments.delete_experiment_tag(experiment=experiment, key="team")


def test_whoever_makes_an_experiment_manages_it(ada: User, settings: object) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    experiment = make_experiment(ada, "own")
    assert get_experiment(ada, str(experiment.pk), at_least=Level.MANAGE) == experiment


@pytest.mark.parametrize("held", list(Level))
def test_runs_and_models_have_the_level_of_their_experiment(ada: User, experiment: Experiment, held: Level) -> None:
    bob = User.objects.create_user("bob")
    run, model = make_run(experiment, ada), make_model(experiment, ada)
    EXPERIMENT_GRANTS.set(target=experiment, holder=bob, level=held, by=system("tests"))
    asks = (
        lambda level: run_row(bob, run.uuid, at_least=level),
        lambda level: get_run(bob, run.uuid, at_least=level),
        lambda level: get_logged_model(bob, model.model_id, at_least=level),
        lambda level: get_experiment(bob, str(experiment.pk), at_least=level),
    )
    for level in (Level.READ, Level.EDIT, Level.MANAGE):
        for ask in asks:
            if held < Level.READ:
                with pytest.raises(NotFound):
                    ask(level)
            elif held < level:
                with pytest.raises(PermissionDenied):
                    ask(level)
            else:
                ask(level)


def test_a_logged_model_is_made_finalised_deleted_and_restored(ada: User, experiment: Experiment) -> None:
    model = make_model(experiment, ada)
    assert model.status == LoggedModelStatus.LOGGED_MODEL_PENDING.value
    logged_models.finalize_logged_model(model=model, status=LoggedModelStatus.LOGGED_MODEL_READY)
    logged_models.delete_logged_model(model=model, by=ada.actor())
    with pytest.raises(NotFound):
        get_logged_model(ada, model.model_id, at_least=Level.READ)
    held = get_logged_model(ada, model.model_id, at_least=Level.READ, deleted=True)
    logged_models.restore_logged_model(model=held, by=ada.actor())
    assert get_logged_model(ada, model.model_id, at_least=Level.READ).status == "LOGGED_MODEL_READY"
    assert actions() == ["tracking.logged_model.delete", "tracking.logged_model.restore"]


def test_params_of_a_logged_model_are_written_once_and_a_refusal_leaves_nothing(
    ada: User, experiment: Experiment
) -> None:
    model = make_model(experiment, ada)
    with pytest.raises(AlreadyExists):
        logged_models.log_params(model=model, params=[Param(key="beta", value="1"), Param(key="alpha", value="2")])
    assert dict(model.params.values_list("key", "value")) == {"alpha": "1"}


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"])
def test_a_logged_model_has_a_name_without_odd_characters(ada: User, experiment: Experiment, name: str) -> None:
    with pytest.raises(InvalidParameter, match="Invalid model name"):
        logged_models.create_logged_model(
            experiment=experiment, name=name, model_type="", source_run_id="", params=[], tags=[], by=ada.actor()
        )
    assert not LoggedModel.objects.exists()


def test_the_history_of_logged_models_grows_and_keeps_no_configuration(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    for path in ("first", "second"):
        described = {
            "artifact_path": path,
            "run_id": run.uuid,
            "utc_time_created": "now",
            "flavors": {"sklearn": {"version": "1", "config": {"secret": 1}}},
            "signature": "…",
        }
        runs.record_model(run=row(ada, run), model_json=json.dumps(described))
    history = json.loads(RunTag.objects.get(run=run, key=runs.LOGGED_MODELS_TAG).value)
    assert [(model["artifact_path"], model["flavors"]) for model in history] == [
        ("first", {"sklearn": {"version": "1"}}),
        ("second", {"sklearn": {"version": "1"}}),
    ]
    for wrong in ("{", "[]", '{"run_id": "x"}'):
        with pytest.raises(InvalidParameter):
            runs.record_model(run=row(ada, run), model_json=wrong)
