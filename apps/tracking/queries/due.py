"""What `gc` may remove: the one place that says what is old enough. The server asks, nobody's permissions apply."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.tracking.choices import Lifecycle
from apps.tracking.clock import now_ms
from apps.tracking.models import Dataset, DatasetInput, Experiment, LoggedModel, Run, Seal

DEFAULT_EXPERIMENT = 0
"""Stays: it is where runs go that name no experiment."""

_OF_NOBODY = Q(run_uuid="", logged_model_id="", experiment=Coalesce(OuterRef("located_in"), OuterRef("experiment")))
"""Such a seal may hold files of any run or logged model in its experiment's location, so it keeps them all."""
_RUN_IS_SEALED = Q(Exists(Seal.objects.filter(Q(run_uuid=OuterRef("uuid")) | _OF_NOBODY)))
_MODEL_IS_SEALED = Q(Exists(Seal.objects.filter(Q(logged_model_id=OuterRef("model_id")) | _OF_NOBODY)))
_EXPERIMENT_IS_SEALED = Q(Exists(Seal.objects.filter(experiment=OuterRef("pk"))))
_HOLDS_FILES = Q(
    Exists(Run.objects.filter(located_in=OuterRef("pk")))
    | Exists(LoggedModel.objects.filter(located_in=OuterRef("pk")))
)
_DELETED = Q(lifecycle_stage=Lifecycle.DELETED)
_PURGING = Q(lifecycle_stage=Lifecycle.PURGING)


@dataclass(frozen=True)
class Due:
    """What was deleted at `cutoff` (milliseconds) or before, and whatever an earlier gc began to remove.

    Nothing whose files are sealed is due: it stays until they are needed no longer.
    """

    cutoff: int

    @classmethod
    def since(cls, older_than: timedelta) -> "Due":
        return cls(now_ms() - int(older_than.total_seconds() * 1000))

    def runs(self) -> QuerySet[Run]:
        return Run.objects.filter(self._going_run())

    def logged_models(self) -> QuerySet[LoggedModel]:
        """Also what lies in an experiment that goes, deleted itself or not."""
        going = self._old_model() | _PURGING | Q(experiment__lifecycle_stage=Lifecycle.PURGING)
        return LoggedModel.objects.filter(going & ~_MODEL_IS_SEALED)

    def experiments(self) -> QuerySet[Experiment]:
        """Those with nothing in them that stays: no run that was restored, no run or model that was deleted later.

        Nor the files of a run or model that was moved out, wherever it is now: the location stays taken for them.
        """
        runs = Run.objects.filter(~self._going_run(), experiment=OuterRef("pk"))
        models = LoggedModel.objects.filter(_DELETED, experiment=OuterRef("pk"), last_updated_timestamp__gt=self.cutoff)
        empty = self._old_experiment() & ~_EXPERIMENT_IS_SEALED & ~_HOLDS_FILES & ~Exists(runs) & ~Exists(models)
        return Experiment.objects.filter(empty | _PURGING).exclude(pk=DEFAULT_EXPERIMENT)

    def sealed(self) -> int:
        """How many runs, logged models and experiments are old enough, and stay because their files are sealed."""
        kept: tuple[QuerySet[Any], ...] = (
            Run.objects.filter(self._old_run() & _RUN_IS_SEALED),
            LoggedModel.objects.filter(self._old_model() & _MODEL_IS_SEALED),
            Experiment.objects.filter(self._old_experiment() & _EXPERIMENT_IS_SEALED),
        )
        return sum(rows.count() for rows in kept)

    def holding(self) -> int:
        """How many experiments are old enough, and stay because files of what was moved out of them lie there."""
        return Experiment.objects.filter(self._old_experiment() & _HOLDS_FILES).count()

    def unused_datasets(self) -> QuerySet[Dataset]:
        """Those that no run took, not counting runs that go."""
        going = Run.objects.filter(self._going_run(), pk=OuterRef("run_id"))
        used = DatasetInput.objects.filter(~Exists(going), dataset=OuterRef("pk"))
        return Dataset.objects.filter(~Exists(used))

    def _going_run(self) -> Q:
        return (self._old_run() | Q(deleted_time__isnull=False) & _PURGING) & ~_RUN_IS_SEALED

    def _old_run(self) -> Q:
        return Q(deleted_time__isnull=False) & _DELETED & Q(deleted_time__lte=self.cutoff)

    def _old_model(self) -> Q:
        return _DELETED & Q(last_updated_timestamp__lte=self.cutoff)

    def _old_experiment(self) -> Q:
        return _DELETED & Q(last_update_time__lte=self.cutoff)
