"""Things to test with, made by the services that the wire uses."""

from collections.abc import Sequence

from apps.accounts.models import User
from apps.tracking.entities import Metric, Param, Tag
from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.queries.runs import RunRow, run_row, run_to_write
from apps.tracking.services import experiments, logged_models, run_data, runs
from mlregistry.levels import Level

DAY_MS = 24 * 3600 * 1000


def make_experiment(creator: User, name: str, *, location: str = "") -> Experiment:
    return experiments.create_experiment(
        name=name, artifact_location=location, tags=[], creator=creator, by=creator.actor()
    )


def make_run(experiment: Experiment, user: User, *, name: str = "", tags: Sequence[Tag] = ()) -> Run:
    return runs.create_run(
        experiment=experiment, name=name, user_id=user.username, start_time=1, tags=tags, by=user.actor()
    )


def make_model(experiment: Experiment, user: User, *, source_run_id: str = "") -> LoggedModel:
    return logged_models.create_logged_model(
        experiment=experiment,
        name="model",
        model_type="",
        source_run_id=source_run_id,
        params=[Param(key="alpha", value="1")],
        tags=[Tag(key="kind", value="tree")],
        by=user.actor(),
    )


def row(user: User, run: Run) -> RunRow:
    """The run as writing services take it."""
    return run_to_write(user, run.uuid)


def point(key: str, value: float, *, step: int = 0, timestamp: int = 0, model_id: str = "") -> Metric:
    return Metric(key=key, value=value, step=step, timestamp=timestamp, model_id=model_id)


def log(
    user: User,
    run: Run,
    *,
    metrics: Sequence[Metric] = (),
    params: Sequence[Param] = (),
    tags: Sequence[Tag] = (),
) -> None:
    run_data.check_batch_of(metrics=metrics, params=params, tags=tags)
    run_data.log_batch(run=row(user, run), metrics=metrics, params=params, tags=tags, user=user)


def delete(user: User, run: Run, *, days_ago: float = 0) -> None:
    """Delete the run, as if it had been done so long ago."""
    runs.delete_run(run=run_row(user, run.uuid, at_least=Level.MANAGE), by=user.actor())
    aged = Run.objects.get(pk=run.pk).deleted_time or 0
    Run.objects.filter(pk=run.pk).update(deleted_time=aged - int(days_ago * DAY_MS))


def delete_model(user: User, model: LoggedModel, *, days_ago: float = 0) -> None:
    logged_models.delete_logged_model(model=model, by=user.actor())
    aged = model.last_updated_timestamp - int(days_ago * DAY_MS)
    LoggedModel.objects.filter(pk=model.pk).update(last_updated_timestamp=aged)


def delete_experiment(user: User, experiment: Experiment, *, days_ago: float = 0) -> None:
    """Delete the experiment with its runs, as if it had been done so long ago."""
    experiments.delete_experiment(experiment=experiment, by=user.actor())
    aged = experiment.last_update_time - int(days_ago * DAY_MS)
    Experiment.objects.filter(pk=experiment.pk).update(last_update_time=aged)
    Run.objects.filter(experiment=experiment).update(deleted_time=aged)
