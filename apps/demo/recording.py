"""Writing trainings down as runs: by the services and checks that the wire calls, as the person who ran them."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.demo.documents import files_of
from apps.demo.packaging import package
from apps.demo.schedule import Trial, name_of
from apps.demo.tables import Table
from apps.demo.team import Staff
from apps.demo.training import Training
from apps.tracking import limits
from apps.tracking.artifacts import services as artifacts
from apps.tracking.artifacts.places import Place, logged_model_place, run_place
from apps.tracking.choices import LoggedModelStatus, RunStatus
from apps.tracking.entities import Dataset, DatasetInput, InputTag, Metric, ModelOutput, Param, Tag
from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.queries.runs import run_to_write
from apps.tracking.services import inputs, logged_models, run_data, runs
from mlregistry.actor import Actor
from mlregistry.levels import Level

REPOSITORY = "https://git.example.org/ml/models"
WATCHED_EVERY = 8
"""Of how many runs the machine was watched in one."""
TRAINING, VALIDATION = "training", "validation"


@dataclass(frozen=True)
class Recorded:
    trial: Trial
    done: Training
    run: Run
    model: LoggedModel | None
    end: datetime


class Recorder:
    """Writes runs into one experiment."""

    def __init__(
        self, experiment: Experiment, table: Table, staff: Staff, rng: random.Random, uploaded: list[Place]
    ) -> None:
        """Where files went is added to `uploaded`, for whoever must take them back."""
        self.experiment, self.table, self.staff, self.rng, self.uploaded = experiment, table, staff, rng, uploaded

    def record(self, trial: Trial, done: Training, *, parent: Run | None, keeps_model: bool) -> Recorded:
        """One training with all that it left."""
        user, by = self.staff.users[trial.person], self.staff.actor(trial.person)
        run = self.begin(name_of(trial), trial.person, trial.start, self._tags(trial, parent))
        row = run_to_write(user, run.uuid)
        datasets = [self._dataset(context) for context in (TRAINING, VALIDATION)]
        inputs.check_datasets(datasets)
        inputs.log_inputs(run=row, datasets=datasets, models=[], user=user)
        end = trial.start + timedelta(seconds=(len(done.curve) + 2) * trial.of.seconds_a_step)
        model = self._log_model(trial, done, run, end) if keeps_model else None
        params = [Param(key="family", value=trial.family)]
        params += [Param(key=key, value=str(value)) for key, value in done.params.items()]
        self.log(run, trial.person, list(self._points(trial, done, model)), params)
        place, _ = run_place(user, run.uuid, at_least=Level.EDIT)
        self.uploaded.append(place)
        _upload(place, files_of(trial, self.table, done), by)
        if done.status is not RunStatus.RUNNING:
            runs.update_run(run=row, status=done.status, end_time=ms(end), name="")
        return Recorded(trial, done, run, model, end)

    def begin(self, name: str, person: str, start: datetime, tags: Sequence[Tag]) -> Run:
        return runs.create_run(
            experiment=self.experiment,
            name=name,
            user_id=person,
            start_time=ms(start),
            tags=tags,
            by=self.staff.actor(person),
        )

    def log(self, run: Run, person: str, metrics: Sequence[Metric], params: Sequence[Param]) -> None:
        """In batches as large as the wire takes."""
        user, size = self.staff.users[person], limits.BATCH_METRICS - len(params)
        row = run_to_write(user, run.uuid)
        for start in range(0, max(len(metrics), 1), size):
            batch, now = metrics[start : start + size], [] if start else params
            run_data.check_batch_of(metrics=batch, params=now, tags=[])
            run_data.log_batch(run=row, metrics=batch, params=now, tags=[], user=user)

    def begin_sweep(self, first: Trial, space: Mapping[str, Sequence[object]]) -> Run:
        """The parent of a sweep, which says what is tried."""
        tags = [*origin(first), Tag(key="mlflow.note.content", value=f"Random search over {first.family}.")]
        run = self.begin(f"sweep {first.sweep}: {first.family}", first.person, first.start, tags)
        params = [Param(key=f"space.{key}", value=", ".join(map(str, values))) for key, values in space.items()]
        self.log(run, first.person, [], params)
        return run

    def end_sweep(self, parent: Run, children: Sequence[Recorded], best: Recorded | None) -> None:
        """What the best of the children reached, and which it was."""
        person, end = children[0].trial.person, max(child.end for child in children)
        if best is not None:
            at = ms(end)
            points = [Metric(key=f"best_{key}", value=value, timestamp=at) for key, value in best.done.metrics.items()]
            self.log(parent, person, points, [Param(key="best_run_id", value=best.run.uuid)])
        row = run_to_write(self.staff.users[person], parent.uuid)
        runs.update_run(run=row, status=RunStatus.FINISHED, end_time=ms(end), name="")

    def _tags(self, trial: Trial, parent: Run | None) -> list[Tag]:
        tags = origin(trial)
        if parent is not None:
            tags.append(Tag(key="mlflow.parentRunId", value=parent.uuid))
        if self.rng.random() < 0.25:  # noqa: PLR2004  few people write notes
            tags.append(Tag(key="mlflow.note.content", value=self.rng.choice(_NOTES)))
        return tags

    def _dataset(self, context: str) -> DatasetInput:
        table = self.table
        trains = context == TRAINING
        dataset = Dataset(
            name=table.name if trains else f"{table.name}-held-out",
            digest=table.digest,
            source_type="s3",
            source=json.dumps({"uri": f"s3://feature-store/{table.name}/{table.digest}.parquet"}),
            schema=json.dumps({"mlflow_colspec": _columns(table)}),
            profile=json.dumps({"num_rows": len(table.y_train if trains else table.y_test)}),
        )
        return DatasetInput(dataset=dataset, tags=[InputTag(key="mlflow.data.context", value=context)])

    def _log_model(self, trial: Trial, done: Training, run: Run, end: datetime) -> LoggedModel:
        user, by = self.staff.users[trial.person], self.staff.actor(trial.person)
        name = f"{self.table.name}-{trial.family}".replace(" ", "-")
        model = logged_models.create_logged_model(
            experiment=self.experiment,
            name=name,
            model_type="classifier" if self.table.classes else "regressor",
            source_run_id=run.uuid,
            params=[Param(key=key, value=str(value)) for key, value in done.params.items()],
            tags=[Tag(key="family", value=trial.family)],
            by=by,
        )
        place, _ = logged_model_place(user, model.model_id, at_least=Level.EDIT)
        uuid = f"{self.rng.getrandbits(128):032x}"
        files = package(self.table, done, model_id=model.model_id, run_id=run.uuid, name=name, created=end, uuid=uuid)
        self.uploaded.append(place)
        _upload(place, files, by)
        logged_models.finalize_logged_model(model=model, status=LoggedModelStatus.LOGGED_MODEL_READY)
        output = ModelOutput(model_id=model.model_id, step=len(done.curve))
        inputs.log_outputs(run=run_to_write(user, run.uuid), models=[output], user=user)
        return model

    def _points(self, trial: Trial, done: Training, model: LoggedModel | None) -> Iterator[Metric]:
        """The curve, the machine's figures on some runs, and at the end those on the rows held out."""
        start, pace = ms(trial.start), round(trial.of.seconds_a_step * 1000)
        for step, row in enumerate(done.curve):
            machine = done.machine[step] if trial.number % WATCHED_EVERY == 0 else {}
            for key, value in (row | machine).items():
                yield Metric(key=key, value=value, timestamp=start + (step + 1) * pace, step=step)
        held_out = self._dataset(VALIDATION).dataset
        model_id = model.model_id if model else ""
        for key, value in done.metrics.items():
            at = start + (len(done.curve) + 1) * pace
            yield Metric(
                key=key,
                value=value,
                timestamp=at,
                model_id=model_id,
                dataset_name=held_out.name,
                dataset_digest=held_out.digest,
            )


def origin(trial: Trial) -> list[Tag]:
    """Where a run came from, in MLflow's words."""
    said = {
        "mlflow.user": trial.person,
        "mlflow.source.name": trial.of.script,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": trial.commit,
        "mlflow.source.git.branch": "main" if trial.number % 4 else f"{trial.person.split('.')[0]}/tuning",
        "mlflow.source.git.repoURL": REPOSITORY,
        "team": trial.of.team,
    }
    return [Tag(key=key, value=value) for key, value in said.items()]


def ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _columns(table: Table) -> list[dict[str, object]]:
    if table.vectorizer is not None:
        return [{"type": "string", "name": "text", "required": True}]
    return [{"type": "double", "name": name, "required": True} for name in table.features]


def _upload(place: Place, files: Mapping[str, bytes], by: Actor) -> None:
    for path, content in files.items():
        artifacts.upload(place=place.below(path), chunks=[content], by=by)


def upload_to_model(staff: Staff, model: LoggedModel, person: str, path: str, content: bytes) -> None:
    place, _ = logged_model_place(staff.users[person], model.model_id, at_least=Level.EDIT)
    _upload(place, {path: content}, staff.actor(person))


_NOTES = (
    "Same as before, with the data of this week.",
    "Wider search, since the last one ended at its edge.",
    "Does the **gap** between training and held-out shrink with more regularisation?",
    "Rerun after the fix in the feature store.",
    "For Thursday's review.",
    "Baseline; do not register.",
)
