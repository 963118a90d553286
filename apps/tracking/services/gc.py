"""Deleting for good what has been deleted for long: rows and files.

Everything goes in three steps, so that it can stop between any two and go on later:

1. It is marked as purging, in a transaction that looks again whether it still is deleted and old enough, with its
   audit row. From then on it is gone for everybody, and restoring it is refused, so nobody gets back half of it.
2. Its files are deleted. What cannot be deleted now keeps its rows, which say where it lies, until the next time.
3. Its rows are deleted, in transactions of bounded size, its own row last.

Whatever bears the mark is finished by the next run, whatever age that one asks for.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from django.db import models, transaction

from apps.audit import services as audit
from apps.tracking.choices import Lifecycle
from apps.tracking.models import Dataset, Experiment, LoggedModel, Run
from apps.tracking.queries.due import Due
from apps.tracking.services import purge
from mlregistry.actor import Actor
from mlregistry.errors import RegistryError

logger = logging.getLogger(__name__)

BATCH = 50
"""Things that are marked, and removed, together."""

Report = Callable[[int, int, str], None]
"""Told how many are done, of how many, and what is being done. Called between transactions; it may raise to stop."""

M = TypeVar("M", bound=models.Model)


@dataclass
class Outcome:
    """How many went, and what did not."""

    runs: int = 0
    logged_models: int = 0
    experiments: int = 0
    datasets: int = 0
    sealed: int = 0
    """Runs, logged models and experiments that stay because something is made of their files."""
    holding: int = 0
    """Experiments that stay because files of what was moved out of them lie in their locations."""
    left: list[str] = field(default_factory=list)
    """Locations that clients write to themselves: their rows went, their files are the clients' to delete."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why, by location: the store refused, and the next run tries again."""


def collect(*, older_than: timedelta, by: Actor, report: Report) -> Outcome:
    """Remove everything that has been deleted for `older_than`."""
    return _Collection(Due.since(older_than), by, report).run()


class _Collection:
    """One run of gc."""

    def __init__(self, due: Due, by: Actor, report: Report) -> None:
        self._due, self._by, self._report = due, by, report
        self._outcome = Outcome()
        self._done = self._total = 0

    def run(self) -> Outcome:
        runs, experiments = _pks(self._due.runs()), _pks(self._due.experiments())
        self._total = len(runs) + len(experiments) + self._due.logged_models().count()
        for batch in _batches(runs):
            self._mark(self._due.runs(), batch)
            self._remove_runs(Run.objects.filter(pk__in=batch, lifecycle_stage=Lifecycle.PURGING))
            self._say(len(batch))
        for pk in experiments:
            self._mark_experiment(pk)
        logged_models = _pks(self._due.logged_models())
        self._total = len(runs) + len(logged_models) + len(experiments)
        for batch in _batches(logged_models):
            self._mark(self._due.logged_models(), batch)
            self._remove_models(LoggedModel.objects.filter(pk__in=batch, lifecycle_stage=Lifecycle.PURGING))
            self._say(len(batch))
        self._remove_unused_datasets()
        for experiment in Experiment.objects.filter(pk__in=experiments, lifecycle_stage=Lifecycle.PURGING):
            self._remove_experiment(experiment)
            self._say(1)
        self._outcome.sealed, self._outcome.holding = self._due.sealed(), self._due.holding()
        self._done = self._total
        self._say(0)
        return self._outcome

    def _say(self, more: int, message: str = "") -> None:
        self._done += more
        self._report(self._done, self._total, message)

    def _mark(self, due: models.QuerySet[M], pks: Sequence[int]) -> None:
        """Mark those that are due still: one that was restored or sealed meanwhile is spared."""
        fresh = due.filter(pk__in=pks).exclude(lifecycle_stage=Lifecycle.PURGING)
        with transaction.atomic():
            locked = _pks(fresh.select_for_update(of=("self",), no_key=True))
            # Lock, then look: seals are read by a statement of its own, which sees all that was committed.
            for row in fresh.filter(pk__in=locked):
                self._mark_one(row)

    def _mark_one(self, row: models.Model) -> None:
        type(row)._default_manager.filter(pk=row.pk).update(lifecycle_stage=Lifecycle.PURGING)
        audit.record(f"tracking.{_word(row)}.purge", target=row, by=self._by, **_facts(row))

    def _mark_experiment(self, pk: int) -> None:
        with transaction.atomic():
            # Lock, then look: what is in it is read by a statement of its own, which sees all that was committed.
            Experiment.objects.select_for_update(no_key=True).filter(pk=pk).first()
            row = self._due.experiments().filter(pk=pk, lifecycle_stage=Lifecycle.DELETED).first()
            if row is not None:
                self._mark_one(row)

    def _remove_runs(self, runs: models.QuerySet[Run]) -> None:
        gone = [run for run in runs if self._delete_files(run.uuid, run.artifact_uri)]
        purge.delete_runs([run.pk for run in gone], lambda message: self._say(0, message))
        self._outcome.runs += len(gone)

    def _remove_models(self, logged_models: models.QuerySet[LoggedModel]) -> None:
        gone = [model for model in logged_models if self._delete_files(model.model_id, model.artifact_location)]
        purge.delete_logged_models([model.pk for model in gone])
        self._outcome.logged_models += len(gone)

    def _delete_files(self, identifier: str, location: str) -> bool:
        """False where the store refused: the rows must stay, they say where the files are."""
        try:
            if not purge.delete_folder_of(identifier, location):
                self._outcome.left.append(location)
        except (RegistryError, OSError) as error:
            return self._failed(location, error)
        return True

    def _remove_experiment(self, experiment: Experiment) -> None:
        if purge.has_content(experiment):
            return  # the store refused the files of some of them
        try:
            purge.delete_default_folder(experiment)
        except (RegistryError, OSError) as error:
            self._failed(experiment.artifact_location, error)
            return
        self._outcome.experiments += purge.delete_experiment(experiment)

    def _failed(self, location: str, error: Exception) -> bool:
        logger.warning("gc could not delete %s: %s", location, error)
        self._outcome.failed[location] = str(error)
        return False

    def _remove_unused_datasets(self) -> None:
        for batch in _batches(_pks(self._due.unused_datasets())):
            with transaction.atomic():
                locked = [row.pk for row in Dataset.objects.select_for_update().only("pk").filter(pk__in=batch)]
                # Asked again now that nobody can begin to use them.
                for row in self._due.unused_datasets().filter(pk__in=locked).defer("schema", "profile"):
                    audit.record("tracking.dataset.purge", target=row, by=self._by, **_facts(row))
                    row.delete()
                    self._outcome.datasets += 1
            self._say(0)


def _word(row: models.Model) -> str:
    return {Run: "run", LoggedModel: "logged_model", Experiment: "experiment"}[type(row)]


def _facts(row: models.Model) -> dict[str, str]:
    """What the record keeps of something whose row is about to go."""
    match row:
        case Run():
            return {"run_id": row.uuid, "experiment": str(row.experiment_id), "location": row.artifact_uri}
        case LoggedModel():
            return {"model_id": row.model_id, "experiment": str(row.experiment_id), "location": row.artifact_location}
        case Dataset():
            return {"digest": row.digest, "experiment": str(row.experiment_id)}
        case Experiment():
            return {"location": row.artifact_location}
    raise TypeError(type(row))


def _pks(rows: models.QuerySet[M]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _batches(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(pks), BATCH):
        yield pks[start : start + BATCH]
