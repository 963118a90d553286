"""What a run took and made: datasets with their tags, models in and out."""

import msgspec
import pytest

from apps.accounts.models import User
from apps.tracking import limits
from apps.tracking.entities import Dataset, DatasetInput, InputTag, ModelInput, ModelOutput
from apps.tracking.models import Dataset as DatasetRow
from apps.tracking.models import Experiment, Run
from apps.tracking.models import ModelOutput as ModelOutputRow
from apps.tracking.queries.run_details import RunDetails, details_of
from apps.tracking.services import inputs
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level
from tests.tracking.making import delete_model, make_experiment, make_model, make_run, row


def dataset(name: str = "iris", digest: str = "d1", **more: str) -> Dataset:
    return Dataset(**{"source_type": "local", "source": "{}"} | more, name=name, digest=digest)


def taken(described: Dataset, **tags: str) -> DatasetInput:
    return DatasetInput(dataset=described, tags=[InputTag(key=key, value=value) for key, value in tags.items()])


def take(user: User, run: Run, *datasets: DatasetInput) -> None:
    inputs.check_datasets(datasets)
    inputs.log_inputs(run=row(user, run), datasets=datasets, models=[], user=user)


def details(run: Run) -> RunDetails:
    return details_of([run.pk])[run.pk]


def read(listed: msgspec.Raw | None) -> object:
    assert listed is not None
    return msgspec.json.decode(listed)


def shown(run: Run) -> list[tuple[str, str, dict[str, str]]]:
    return [
        (
            given["dataset"]["name"],
            given["dataset"]["digest"],
            {tag["key"]: tag["value"] for tag in given.get("tags", ())},
        )
        for given in details(run).dataset_inputs
    ]


def test_a_dataset_is_kept_once_for_an_experiment_and_shown_by_every_run_that_took_it(
    ada: User, experiment: Experiment
) -> None:
    first, second = make_run(experiment, ada), make_run(experiment, ada)
    elsewhere = make_run(make_experiment(ada, "other"), ada)
    for run in (first, second, elsewhere):
        take(ada, run, taken(dataset(), context="training"))
    assert DatasetRow.objects.count() == 2
    for run in (first, second, elsewhere):
        assert shown(run) == [("iris", "d1", {"context": "training"})]


def test_what_was_said_first_of_a_dataset_stays(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    take(ada, run, taken(dataset(schema="first"), context="training"))
    take(ada, run, taken(dataset(schema="second"), context="evaluation", more="x"))
    assert shown(run) == [("iris", "d1", {"context": "training"})]
    assert DatasetRow.objects.get().schema == "first"


def test_the_same_dataset_twice_in_a_request_counts_once(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    take(ada, run, taken(dataset(), a="1"), taken(dataset(), b="2"), taken(dataset(digest="d2")))
    assert shown(run) == [("iris", "d1", {"a": "1"}), ("iris", "d2", {})]


@pytest.mark.parametrize(
    "wrong",
    [
        taken(dataset(name="n" * (limits.DATASET_NAME + 1))),
        taken(dataset(digest="d" * (limits.DATASET_DIGEST + 1))),
        taken(dataset(source="s" * (limits.DATASET_SOURCE + 1))),
        taken(dataset(schema="s" * (limits.DATASET_SCHEMA + 1))),
        taken(dataset(), **{"k" * (limits.INPUT_TAG_KEY + 1): "v"}),
        taken(dataset(), k="v" * (limits.INPUT_TAG_VALUE + 1)),
    ],
    ids=["name", "digest", "source", "schema", "tag key", "tag value"],
)
def test_what_is_too_long_is_refused(ada: User, experiment: Experiment, wrong: DatasetInput) -> None:
    with pytest.raises(InvalidParameter, match="exceeds the maximum length"):
        take(ada, make_run(experiment, ada), wrong)
    assert not DatasetRow.objects.exists()


def test_models_in_and_out_are_recorded_once(ada: User, experiment: Experiment) -> None:
    run, first, second = make_run(experiment, ada), make_model(experiment, ada), make_model(experiment, ada)
    for _ in range(2):
        inputs.log_inputs(run=row(ada, run), datasets=[], models=[ModelInput(model_id=first.model_id)] * 2, user=ada)
        inputs.log_outputs(
            run=row(ada, run),
            models=[ModelOutput(model_id=second.model_id, step=2), ModelOutput(model_id=second.model_id, step=3)],
            user=ada,
        )
    found = details(run)
    assert read(found.model_inputs) == [{"model_id": first.model_id}]
    assert read(found.model_outputs) == [{"model_id": second.model_id, "step": 2}]


def test_a_model_that_is_absent_or_hidden_is_refused_alike_and_leaves_nothing(
    ada: User, root: User, experiment: Experiment, settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    run, own = make_run(experiment, ada), make_model(experiment, ada)
    hidden = make_model(Experiment.objects.get(pk=0), root)
    for model_id in ("m-none", hidden.model_id):
        with pytest.raises(NotFound, match=f"Logged model with ID '{model_id}' not found"):
            inputs.log_outputs(
                run=row(ada, run),
                models=[ModelOutput(model_id=own.model_id), ModelOutput(model_id=model_id)],
                user=ada,
            )
    assert not ModelOutputRow.objects.exists()


def test_a_deleted_model_may_still_be_named(ada: User, experiment: Experiment) -> None:
    run, model = make_run(experiment, ada), make_model(experiment, ada)
    delete_model(ada, model)
    inputs.log_inputs(run=row(ada, run), datasets=[], models=[ModelInput(model_id=model.model_id)], user=ada)
    assert read(details(run).model_inputs) == [{"model_id": model.model_id}]
