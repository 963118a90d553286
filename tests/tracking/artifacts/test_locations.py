import pytest
from pytest_django import Settings

from apps.accounts.models import User
from apps.tracking.artifacts import locations
from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.models import Experiment, Run
from mlregistry.errors import InvalidParameter, Unsupported
from tests.tracking.making import make_experiment, make_model, make_run

pytestmark = pytest.mark.django_db


def test_default_locations_are_spelled_as_the_genuine_server_spells_them(ada: User) -> None:
    experiment = make_experiment(ada, "first")
    run = make_run(experiment, ada)
    model = make_model(experiment, ada)

    assert experiment.artifact_location == f"mlflow-artifacts:/{experiment.pk}"
    assert run.artifact_uri == f"mlflow-artifacts:/{experiment.pk}/{run.uuid}/artifacts"
    assert model.artifact_location == f"mlflow-artifacts:/{experiment.pk}/models/{model.model_id}/artifacts"


@pytest.mark.parametrize(
    ("root", "location"),
    [
        ("mlflow-artifacts:/", "mlflow-artifacts:/7"),
        ("mlflow-artifacts:/team/", "mlflow-artifacts:/team/7"),
        ("s3://bucket", "s3://bucket/7"),
        ("s3://bucket/root/", "s3://bucket/root/7"),
        ("/mnt/shared", "/mnt/shared/7"),
    ],
)
def test_the_root_decides_where_experiments_lie(settings: Settings, root: str, location: str) -> None:
    settings.MLREGISTRY_ARTIFACT_ROOT = root

    assert locations.of_experiment(7) == location
    assert locations.of_run(location, "abc") == f"{location}/abc/artifacts"


@pytest.mark.parametrize(
    "location",
    [
        "mlflow-artifacts:/team",
        "mlflow-artifacts:/team/deep/er",
        "mlflow-artifacts:/with spaces".replace(" ", "_"),
        "s3://bucket/root/team",
        "s3://bucket/kept/team",
    ],
)
def test_a_named_folder_below_a_root_is_allowed(settings: Settings, location: str) -> None:
    settings.MLREGISTRY_ARTIFACT_ROOT = "s3://bucket/root"
    settings.MLREGISTRY_ARTIFACTS = "s3://bucket/kept"

    assert locations.check_location(location) == location
    assert locations.check_location(f"{location}/") == location


def test_three_slashes_mean_one() -> None:
    assert locations.check_location("mlflow-artifacts:///team") == "mlflow-artifacts:/team"


@pytest.mark.parametrize(
    "location",
    [
        "/etc",
        "etc",
        "./etc",
        "",
        "file:///etc",
        "file:etc",
        "FILE:///etc",
        "http://host/x",
        "https://host/x",
        "ftp://host/x",
        "dbfs:/x",
        "runs:/abc/x",
        "s3://other/x",
        "s3://bucket",
        "s3://bucket/rooted/x",
        "s3://bucket/root",
        "s3://bucket/root/",
        "s3://bucket/root/7",
        "s3://bucket/root/7/x",
        "s3://bucket/kept/7/x",
        "s3://bucket/root/../x",
        "s3://bucket/root/%2e%2e/x",
        "s3://bucket/root/x?y=z",
        "s3://bucket/root/x#y",
        "s3://bucket/root/x;y",
        "s3://bucket/root//x",
        "s3://bucket/root/x\\y",
        "s3://bucket/root/.hidden",
        "s3://user@bucket/root/x",
        "mlflow-artifacts:",
        "mlflow-artifacts:/",
        "mlflow-artifacts:///",
        "mlflow-artifacts:team",
        "mlflow-artifacts://host/team",
        "mlflow-artifacts://host:80/team",
        "mlflow-artifacts:/7",
        "mlflow-artifacts:/7/abc/artifacts",
        "mlflow-artifacts:/../x",
        "mlflow-artifacts:/team/../7",
        "mlflow-artifacts:/./7",
        "mlflow-artifacts:/.uploads",
        "mlflow-artifacts:/.uploads/x",
        "mlflow-artifacts:/a\nb",
        "mlflow-artifacts:/" + "x" * 3000,
    ],
)
def test_any_other_location_is_refused(settings: Settings, location: str) -> None:
    settings.MLREGISTRY_ARTIFACT_ROOT = "s3://bucket/root"
    settings.MLREGISTRY_ARTIFACTS = "s3://bucket/kept"

    with pytest.raises(InvalidParameter):
        locations.check_location(location)


@pytest.mark.parametrize("root", ["/var/lib/mlregistry/artifacts", "file:///var/lib/mlregistry/artifacts"])
def test_no_client_names_a_folder_of_the_server_even_below_its_root(settings: Settings, root: str) -> None:
    settings.MLREGISTRY_ARTIFACTS = settings.MLREGISTRY_ARTIFACT_ROOT = root

    with pytest.raises(InvalidParameter):
        locations.check_location(f"{root}/team")


@pytest.mark.parametrize("location", ["s3://bucket/kept/team", "s3://bucket/kept", "s3://bucket/kept/7/abc"])
def test_a_root_above_the_proxys_own_files_opens_no_way_to_them(settings: Settings, location: str, ada: User) -> None:
    settings.MLREGISTRY_ARTIFACT_ROOT = "s3://bucket"
    settings.MLREGISTRY_ARTIFACTS = "s3://bucket/kept"
    make_experiment(ada, "proxied", location="mlflow-artifacts:/team")

    with pytest.raises(InvalidParameter):
        locations.check_location(location)


@pytest.mark.parametrize("taken", ["mlflow-artifacts:/a/b", "s3://bucket/kept/a/b"])
@pytest.mark.parametrize(
    "location", ["mlflow-artifacts:/a", "mlflow-artifacts:/a/b/c", "s3://bucket/kept/a", "s3://bucket/kept/a/b/c/d"]
)
def test_no_location_lies_in_another_however_it_is_spelled(
    settings: Settings, taken: str, location: str, ada: User
) -> None:
    settings.MLREGISTRY_ARTIFACTS = "s3://bucket/kept"
    make_experiment(ada, "first", location=taken)

    with pytest.raises(InvalidParameter):
        locations.check_location(location)


def test_two_experiments_may_share_a_location(ada: User) -> None:
    make_experiment(ada, "first", location="mlflow-artifacts:/team")

    assert locations.check_location("mlflow-artifacts:/team") == "mlflow-artifacts:/team"
    assert locations.check_location("mlflow-artifacts:/teams") == "mlflow-artifacts:/teams"


def test_a_default_root_below_the_proxys_keeps_its_numbers(settings: Settings) -> None:
    settings.MLREGISTRY_ARTIFACT_ROOT = "mlflow-artifacts:/pre/fix"

    for location in ("pre", "pre/fix", "pre/fix/7", "pre/fix/7/x", "7"):
        with pytest.raises(InvalidParameter):
            locations.check_location(f"mlflow-artifacts:/{location}")
    assert locations.check_location("mlflow-artifacts:/pre/other")
    assert locations.check_location("mlflow-artifacts:/pre/fix/named")


@pytest.mark.parametrize(
    "planted", ["file:///etc", "/etc", "s3://other/x", "http://host/x", "mlflow-artifacts://host/x", "", "s3:/x"]
)
def test_a_planted_location_is_not_opened(planted: str) -> None:
    with pytest.raises(InvalidParameter):
        locations.open_location(planted)


@pytest.mark.parametrize("planted", ["mlflow-artifacts:/../etc", "mlflow-artifacts:/%2e%2e/etc"])
def test_a_planted_parent_is_not_opened(planted: str) -> None:
    with pytest.raises(InvalidParameter, match="Invalid path"):
        locations.open_location(planted)


def test_a_server_without_artifacts_opens_none_of_the_proxys(settings: Settings, store: ArtifactStore) -> None:
    settings.MLREGISTRY_SERVE = "no-artifacts"

    with pytest.raises(Unsupported, match="no-artifacts"):
        locations.open_location("mlflow-artifacts:/1")


def test_a_folder_that_the_operator_chose_as_root_is_opened(
    settings: Settings, tmp_path: object, experiment: Experiment, ada: User
) -> None:
    settings.MLREGISTRY_ARTIFACT_ROOT = f"{tmp_path}/shared"
    run: Run = make_run(make_experiment(ada, "shared"), ada)

    store, path = locations.open_location(run.artifact_uri)
    store.write(f"{path}/a", [b"1"])

    assert path == f"{run.experiment_id}/{run.uuid}/artifacts"
    assert store.exists(f"{path}/a")
