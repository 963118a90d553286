"""What a version may be registered from, and by whom."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.registry import sources
from apps.registry.models import RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.services import versions
from apps.tracking.models import Experiment, LoggedModelTag, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Level
from tests.registry.making import make_registered, make_version
from tests.tracking.making import make_experiment, make_model, make_run


def location(user: User, uri: str, *, run_id: str | None = None, model_id: str | None = None) -> str:
    return sources.resolve(user, uri, run_id=run_id, model_id=model_id).location


def test_a_runs_folder_is_where_its_model_lies(ada: User, run: Run) -> None:
    assert location(ada, f"runs:/{run.uuid}/deep/model", run_id=run.uuid) == f"{run.artifact_uri}/deep/model"


def test_a_model_that_a_run_logged_lies_beside_the_run(ada: User, experiment: Experiment, run: Run) -> None:
    logged = make_model(experiment, ada, source_run_id=run.uuid)
    assert location(ada, f"runs:/{run.uuid}/model", run_id=run.uuid) == logged.artifact_location


def test_a_logged_model_brings_its_run_and_learns_of_the_version(
    ada: User, experiment: Experiment, run: Run, model: RegisteredModel
) -> None:
    logged = make_model(experiment, ada, source_run_id=run.uuid)
    source = sources.resolve(ada, f"models:/{logged.model_id}", run_id=None, model_id=logged.model_id)
    assert (source.run_id, source.location) == (run.uuid, logged.artifact_location)
    for _ in range(2):
        versions.create_version(model=model, source=source, tags=[], run_link="", description="", by=ada.actor())
    told = LoggedModelTag.objects.get(model=logged, key="mlflow.modelVersions").value
    assert told == '[{"name": "classifier", "version": 1}, {"name": "classifier", "version": 2}]'


def test_a_copy_has_the_files_and_ids_of_what_it_copies(ada: User, run: Run, model: RegisteredModel) -> None:
    first = make_version(ada, model, source=f"runs:/{run.uuid}/model", run_id=run.uuid)
    versions.set_alias(version=first, alias="champion", by=ada.actor())
    for uri in ("models:/classifier/1", "models:/classifier@champion", "models:/classifier/latest"):
        copied = sources.resolve(ada, uri, run_id=None, model_id=None)
        assert copied == sources.Source("models:/classifier/1", first.location, run.uuid, "", copy_of=first)


@pytest.fixture
def hidden_run(bob: User, settings: Any) -> Run:
    """A run that Ada may not know of."""
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS
    return make_run(make_experiment(bob, "of bob"), bob)


def test_nobody_registers_what_she_may_not_read(ada: User, hidden_run: Run) -> None:
    for uri in (f"runs:/{hidden_run.uuid}/model", f"{hidden_run.artifact_uri}/model", "s3://bucket/model"):
        with pytest.raises(NotFound, match=f"Run with id={hidden_run.uuid} not found"):
            location(ada, uri, run_id=hidden_run.uuid)


def test_registering_from_a_run_asks_for_edit_since_it_seals_the_files(ada: User, hidden_run: Run) -> None:
    EXPERIMENT_GRANTS.set(target=hidden_run.experiment, holder=ada, level=Level.READ, by=ada.actor())
    uri = f"runs:/{hidden_run.uuid}/model"
    with pytest.raises(PermissionDenied, match=f"needs EDIT on run {hidden_run.uuid}"):
        location(ada, uri, run_id=hidden_run.uuid)
    assert location(ada, "s3://bucket/model", run_id=hidden_run.uuid) == "s3://bucket/model"
    EXPERIMENT_GRANTS.set(target=hidden_run.experiment, holder=ada, level=Level.EDIT, by=ada.actor())
    assert location(ada, uri, run_id=hidden_run.uuid) == f"{hidden_run.artifact_uri}/model"


def test_nobody_copies_what_she_may_not_read(ada: User, bob: User, settings: Any) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS
    make_version(bob, make_registered(bob, "of bob"))
    with pytest.raises(NotFound, match="name=of bob not found"):
        location(ada, "models:/of bob/1")


def test_a_run_of_ones_own_is_no_way_to_the_files_of_another(ada: User, run: Run, hidden_run: Run) -> None:
    with pytest.raises(InvalidParameter, match="must identify the resource that contains the source"):
        location(ada, f"{hidden_run.artifact_uri}/model", run_id=run.uuid)


def test_what_this_server_reads_directly_must_belong_to_the_run_too(
    ada: User, run: Run, hidden_run: Run, settings: Any
) -> None:
    settings.MLREGISTRY_ARTIFACT_ROOT = "s3://ours/root"
    for root in ("s3://ours/root/9/x/artifacts", settings.MLREGISTRY_ARTIFACTS + "/1/x"):
        with pytest.raises(InvalidParameter):
            location(ada, root, run_id=run.uuid)
    run.artifact_uri = f"s3://ours/root/1/{run.uuid}/artifacts"
    run.save()
    assert location(ada, f"{run.artifact_uri}/model", run_id=run.uuid) == f"{run.artifact_uri}/model"


def test_only_the_stores_that_the_setting_names_are_sources(ada: User, settings: Any) -> None:
    settings.MLREGISTRY_MODEL_SOURCES = ("s3://models/",)
    assert location(ada, "s3://models/a") == "s3://models/a"
    with pytest.raises(InvalidParameter, match="sources that begin with one of: s3://models/"):
        location(ada, "s3://models-of-others/a")


@pytest.mark.parametrize(
    "uri",
    [
        "/etc/passwd",
        "etc/passwd",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "FILE:///etc/passwd",
        "http:///#/../",
        "http://127.0.0.1/model",
        "https://example.org/model",
        "ftp://example.org/model",
        "s3://bucket/../other",
        "s3://bucket/%2e%2e/other",
        "s3://bucket/%25252e%25252e/other",
        "s3://bucket/a?b",
        "s3://bucket/a#b",
        "s3://bucket/a;b",
        "s3://bucket\\a",
        "s3://bucket/./a",
        "models:/",
        "models:/a/b/c",
        "models://host/a/1",
        "runs:/",
        "runs:/x",
        "mlflow-artifacts:/",
        "mlflow-artifacts://host/1/x",
        "mlflow-artifacts:/../x",
        "javascript:alert(1)",
        "s3://bucket/" + "n" * 500,
    ],
)
def test_no_other_source_is_taken(ada: User, run: Run, uri: str) -> None:
    for run_id in (None, run.uuid):
        with pytest.raises((InvalidParameter, NotFound)):
            location(ada, uri, run_id=run_id)


@pytest.mark.parametrize("uri", ["file:///etc", "s3://bucket/model", "runs:/x/model", ""])
def test_a_prompts_tag_is_no_way_around(uri: str) -> None:
    with pytest.raises(InvalidParameter, match="Prompt sources must use an MLflow placeholder"):
        sources.prompt_source(uri)


def test_a_version_can_be_read_with_a_level_on_its_model_alone(
    ada: User, bob: User, run: Run, model: RegisteredModel, settings: Any
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS
    make_version(ada, model, source=f"runs:/{run.uuid}/model", run_id=run.uuid)
    MODEL_GRANTS.set(target=model, holder=bob, level=Level.READ, by=ada.actor())
    assert EXPERIMENT_GRANTS.level(run.experiment, bob) == Level.NO_PERMISSIONS
    with pytest.raises(NotFound):
        location(bob, f"runs:/{run.uuid}/model", run_id=run.uuid)
    assert location(bob, "models:/classifier/1") == f"{run.artifact_uri}/model"
