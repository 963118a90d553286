"""Moving a run to another experiment: with what is nested in it and what it logged, but without touching a file.

Where the files lie was told to clients, and is what versions were signed for, so it stays as it is: `located_in` says
in whose location that is. Who may do what with the run, its models and all their files, is from now on for the
experiment that it is in.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import BigIntegerField, Q, Value
from django.db.models.functions import Coalesce, NullIf

from apps.audit import services as audit
from apps.tracking.choices import PRESENT
from apps.tracking.models import ArtifactFile, Dataset, DatasetInput, Experiment, LoggedModel, Run, Seal
from apps.tracking.queries.experiments import check_experiment_is_active
from apps.tracking.queries.nested_runs import NestedRun, family_of
from apps.tracking.queries.runs import RunRow
from apps.tracking.services.inputs import dataset_pks
from mlregistry.actor import Actor
from mlregistry.errors import NotFound
from mlregistry.prefixes import begins_with

BATCH = 200
"""Runs that are moved by one statement."""


@transaction.atomic
def move_run(*, run: RunRow, to: Experiment, by: Actor) -> list[str]:
    """Put the run, and those nested in it, into `to`; the ids of all that were moved, none if it is there already.

    Whether `by` may edit both experiments is the caller's to ask.
    """
    # Both, in one order: nobody deletes either, gc does not begin to remove it, and no other move takes the run away.
    both = Experiment.objects.filter(pk__in=(run.experiment_id, to.pk)).order_by("pk").select_for_update(no_key=True)
    held = {experiment.pk: experiment for experiment in both}
    source, target = held.get(run.experiment_id), held.get(to.pk)
    if source is None or target is None or target.lifecycle_stage not in PRESENT:
        raise NotFound(f"No Experiment with id={to.pk} exists")
    check_experiment_is_active(target)
    if source == target:
        return []
    if not Run.objects.filter(pk=run.pk, experiment=source, lifecycle_stage__in=PRESENT).exists():
        raise NotFound(f"Run with id={run.uuid} not found")
    family = family_of(run.pk, source.pk)
    for start in range(0, len(family), BATCH):
        _move_together(family[start : start + BATCH], source, target)
    moved = [uuid for _, uuid in family]
    for one in Run.objects.filter(uuid__in=moved, experiment=target).order_by("pk"):
        audit.record("tracking.run.move", target=one, by=by, run_id=one.uuid, experiment=source.name, to=target.name)
    return moved


def _move_together(family: Sequence[NestedRun], source: Experiment, target: Experiment) -> None:
    uuids = [run.uuid for run in family]
    runs = Run.objects.filter(uuid__in=uuids, experiment=source, lifecycle_stage__in=PRESENT)
    models = LoggedModel.objects.filter(source_run_id__in=uuids, experiment=source, lifecycle_stage__in=PRESENT)
    # Locked in one order, which is gc's too.
    roots = list(runs.order_by("pk").select_for_update(no_key=True).values_list("artifact_uri", flat=True))
    held = dict(models.order_by("pk").select_for_update(no_key=True).values_list("model_id", "artifact_location"))
    _take_datasets([run.pk for run in family], source, target)
    Seal.objects.filter(Q(run_uuid__in=uuids) | Q(logged_model_id__in=held)).update(experiment=target)
    for root in (*roots, *held.values()):
        ArtifactFile.objects.filter(begins_with("uri", f"{root}/")).update(experiment=target)
    # What comes home lies where it is; what is moved on lies where it lay.
    located = NullIf(Coalesce("located_in", Value(source.pk)), Value(target.pk), output_field=BigIntegerField())
    for rows in (runs, models):
        rows.update(experiment=target, located_in=located)


def _take_datasets(runs: Sequence[int], source: Experiment, target: Experiment) -> None:
    """Let the runs have taken the data sets of the same name and digest in `target`, made where there are none."""
    inputs = DatasetInput.objects.filter(run__in=runs)
    taken = Dataset.objects.filter(pk__in=inputs.values("dataset"), experiment=source)
    held = {(dataset.name, dataset.digest): dataset.pk for dataset in taken}
    for name, pk in dataset_pks(target.pk, taken).items():
        inputs.filter(dataset=held[name]).update(dataset=pk)
