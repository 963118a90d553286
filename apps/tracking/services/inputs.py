"""Recording what a run took and made: datasets and models."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from apps.accounts.models import User
from apps.tracking import limits
from apps.tracking.entities import Dataset as DatasetEntity
from apps.tracking.entities import DatasetInput as DatasetInputEntity
from apps.tracking.entities import ModelInput as ModelInputEntity
from apps.tracking.entities import ModelOutput as ModelOutputEntity
from apps.tracking.models import Dataset, DatasetInput, InputTag, ModelInput, ModelOutput
from apps.tracking.queries.logged_models import model_pks
from apps.tracking.queries.runs import RunRow
from apps.tracking.rules import check_length


def check_datasets(datasets: Sequence[DatasetInputEntity]) -> None:
    """Everything that can be wrong with dataset inputs before their run is looked at."""
    for given in datasets:
        check_length("name", given.dataset.name, limits.DATASET_NAME)
        check_length("digest", given.dataset.digest, limits.DATASET_DIGEST)
        check_length("source", given.dataset.source, limits.DATASET_SOURCE)
        check_length("schema", given.dataset.schema, limits.DATASET_SCHEMA)
        check_length("profile", given.dataset.profile, limits.DATASET_PROFILE)
        for tag in given.tags:
            check_length("key", tag.key, limits.INPUT_TAG_KEY)
            check_length("value", tag.value, limits.INPUT_TAG_VALUE)


@transaction.atomic
def log_inputs(
    *, run: RunRow, datasets: Sequence[DatasetInputEntity], models: Sequence[ModelInputEntity], user: User
) -> None:
    """Record inputs. What is recorded already, tags included, stays as it was first said."""
    if datasets:
        _log_datasets(run, datasets)
    if models:
        pks = model_pks(user, {model.model_id for model in models})
        ModelInput.objects.bulk_create(
            (ModelInput(run_id=run.pk, model_id=pk) for pk in sorted(pks.values())), ignore_conflicts=True
        )


@transaction.atomic
def log_outputs(*, run: RunRow, models: Sequence[ModelOutputEntity], user: User) -> None:
    pks = model_pks(user, {model.model_id for model in models})
    ordered = sorted(models, key=lambda model: pks[model.model_id])
    ModelOutput.objects.bulk_create(
        (ModelOutput(run_id=run.pk, model_id=pks[model.model_id], step=model.step) for model in ordered),
        ignore_conflicts=True,
    )


def _log_datasets(run: RunRow, datasets: Sequence[DatasetInputEntity]) -> None:
    first: dict[tuple[str, str], DatasetInputEntity] = {}
    for given in datasets:
        first.setdefault((given.dataset.name, given.dataset.digest), given)
    pks = dataset_pks(run.experiment_id, [item.dataset for item in first.values()])
    held = set(
        DatasetInput.objects.filter(run_id=run.pk, dataset__in=pks.values()).values_list("dataset_id", flat=True)
    )
    fresh = {pks[name]: given for name, given in first.items() if pks[name] not in held}
    DatasetInput.objects.bulk_create(
        (DatasetInput(run_id=run.pk, dataset_id=pk) for pk in fresh), ignore_conflicts=True
    )
    made = DatasetInput.objects.filter(run_id=run.pk, dataset__in=fresh).values_list("dataset_id", "pk")
    InputTag.objects.bulk_create(
        (InputTag(input_id=pk, key=tag.key, value=tag.value) for dataset, pk in made for tag in fresh[dataset].tags),
        ignore_conflicts=True,
    )


def dataset_pks(experiment: int, datasets: Iterable[DatasetEntity | Dataset]) -> dict[tuple[str, str], int]:
    """The primary key of each dataset by name and digest, made where it is new to the experiment.

    An update that changes nothing holds those that are there until the commit, so that gc does not take them away in
    between; in order, so that two runs with the same datasets wait for each other.
    """
    given = sorted(datasets, key=lambda dataset: (dataset.name, dataset.digest))
    made = Dataset.objects.bulk_create(
        (
            Dataset(
                experiment_id=experiment,
                name=dataset.name,
                digest=dataset.digest,
                source_type=dataset.source_type,
                source=dataset.source,
                schema=dataset.schema,
                profile=dataset.profile,
            )
            for dataset in given
        ),
        update_conflicts=True,
        unique_fields=["experiment", "name", "digest"],
        update_fields=["digest"],
    )
    return {(row.name, row.digest): row.pk for row in made}
