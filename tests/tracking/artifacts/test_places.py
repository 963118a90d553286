"""Whose a path is, and who may do what with it."""

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.choices import Lifecycle
from apps.tracking.models import ArtifactFile, Experiment, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.tracking.artifacts.calling import FILES, MLFLOW, as_user, content, names, put
from tests.tracking.artifacts.verbs import VERBS, Target, target
from tests.tracking.making import delete, delete_experiment, make_experiment, make_model, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(experiment: Experiment, ada: User, store: ArtifactStore) -> Run:
    made = make_run(experiment, ada)
    store.write(f"{path_of(made)}/a", [b"hers"])
    return made


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


def path_of(run: Run) -> str:
    return run.artifact_uri.removeprefix("mlflow-artifacts:/")


def grant(user: User, experiment: Experiment, level: Level) -> None:
    EXPERIMENT_GRANTS.set(target=experiment, holder=user, level=level, by=system("test"))


@pytest.fixture
def at(run: Run, ada: User, store: ArtifactStore) -> Target:
    made = make_model(run.experiment, ada)
    aimed = target(run, made)
    for path in (f"{aimed.model_root}/a", f"{run.experiment_id}/traces/tr-1/artifacts/a"):
        store.write(path, [b"hers"])
    return aimed


def files(store: ArtifactStore, at: Target) -> list[str]:
    return [entry.path for root in (at.root, at.model_root) for entry in store.entries(root)]


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("name", VERBS)
def test_every_verb_takes_its_level(at: Target, bob: User, store: ArtifactStore, name: str, level: Level) -> None:
    grant(bob, Experiment.objects.get(pk=at.experiment_id), level)
    before = files(store, at)

    answer = VERBS[name].call(as_user(bob), at, "a")
    content(answer)

    if level < Level.READ:
        assert answer.status_code == 404
    elif level < VERBS[name].level:
        assert answer.status_code == 403
    elif "presign" in name or "multipart" in name:
        assert answer.status_code in (400, 501), "a local store has neither"
    else:
        assert answer.status_code == 200
    if level < VERBS[name].level:
        assert files(store, at) == before
        assert not ArtifactFile.objects.exists()


@pytest.mark.parametrize("name", VERBS)
def test_a_hidden_run_and_an_absent_one_look_the_same(at: Target, run: Run, bob: User, name: str) -> None:
    grant(bob, run.experiment, Level.NO_PERMISSIONS)
    absent = Target(run.experiment_id, "0" * 32, "m-" + "0" * 32)

    hidden_answer = VERBS[name].call(as_user(bob), at, "a")
    absent_answer = VERBS[name].call(as_user(bob), absent, "a")

    assert hidden_answer.status_code == absent_answer.status_code == 404
    told = hidden_answer.json()["message"]
    told = told.replace(at.run_id, absent.run_id).replace(at.model_id, absent.model_id)
    assert told == absent_answer.json()["message"]


@pytest.mark.parametrize("name", VERBS)
def test_nobody_comes_in_without_signing_in(at: Target, name: str) -> None:
    assert VERBS[name].call(Client(), at, "a").status_code == 401


@pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if verb.level > Level.READ])
def test_a_token_for_reading_writes_nothing(at: Target, ada: User, store: ArtifactStore, name: str) -> None:
    before = files(store, at)

    assert VERBS[name].call(as_user(ada, scope="read"), at, "b").status_code == 403
    assert files(store, at) == before


@pytest.mark.parametrize(
    "path", ["999999/x", "nowhere", "nowhere/a/b", "0x1/a", "-1/a", "{experiment}x/a", "0{experiment}/a", "{run}/a"]
)
def test_what_belongs_to_nobody_is_not_there(run: Run, root: User, path: str) -> None:
    path = path.format(experiment=run.experiment_id, run=run.uuid)
    client = as_user(root)

    assert client.get(f"{FILES}/{path}").status_code == 404
    assert client.get(FILES, {"path": path}).status_code == 404
    assert put(client, path).status_code == 404
    assert client.delete(f"{FILES}/{path}").status_code == 404


@pytest.mark.parametrize("rest", ["{other}/artifacts/a", "{zeros}/artifacts/a", "{zeros}", "models/m-none/artifacts/a"])
def test_a_run_or_model_has_to_be_of_the_experiment_that_the_path_names(
    run: Run, ada: User, store: ArtifactStore, rest: str
) -> None:
    other = make_run(make_experiment(ada, "second"), ada)
    path = f"{run.experiment_id}/" + rest.format(other=other.uuid, zeros="0" * 32)

    assert put(as_user(ada), path).status_code == 404
    assert not store.exists(path)


def test_what_is_no_runs_and_no_models_is_the_experiments(run: Run, ada: User, bob: User) -> None:
    path = f"{run.experiment_id}/traces/tr-1/artifacts/traces.json"
    grant(bob, run.experiment, Level.READ)

    assert put(as_user(ada), path, b"{}").status_code == 200
    assert content(as_user(bob).get(f"{FILES}/{path}")) == b"{}"
    assert put(as_user(bob), path).status_code == 403


def test_files_of_a_deleted_run_stay_reachable_and_those_of_one_being_purged_do_not(run: Run, ada: User) -> None:
    client = as_user(ada)
    delete(ada, run)
    assert content(client.get(f"{FILES}/{path_of(run)}/a")) == b"hers"
    assert content(client.get("/get-artifact", {"run_id": run.uuid, "path": "a"})) == b"hers"

    Run.objects.filter(pk=run.pk).update(lifecycle_stage=Lifecycle.PURGING)

    assert client.get(f"{FILES}/{path_of(run)}/a").status_code == 404
    assert put(client, f"{path_of(run)}/b").status_code == 404


def test_files_of_a_deleted_experiment_stay_reachable(run: Run, ada: User) -> None:
    delete_experiment(ada, run.experiment)

    assert content(as_user(ada).get(f"{FILES}/{path_of(run)}/a")) == b"hers"


def test_the_root_shows_the_experiments_that_one_may_read(run: Run, ada: User, bob: User, store: ArtifactStore) -> None:
    hidden = make_run(make_experiment(ada, "hidden"), ada)
    named = make_run(make_experiment(ada, "named", location="mlflow-artifacts:/team/one"), ada)
    for made in (hidden, named):
        store.write(f"{path_of(made)}/a", [b"1"])
    store.write("nobodys/a", [b"1"])
    grant(bob, hidden.experiment, Level.NO_PERMISSIONS)

    assert names(as_user(ada), "") == sorted([str(run.experiment_id), str(hidden.experiment_id), "team"])
    assert names(as_user(bob), "") == sorted([str(run.experiment_id), "team"])
    assert names(as_user(bob), "team") == ["one"]
    grant(bob, named.experiment, Level.NO_PERMISSIONS)
    assert as_user(bob).get(FILES, {"path": "team"}).status_code == 404
    assert as_user(bob).get(FILES).json()["files"] == [{"path": str(run.experiment_id), "is_dir": True}]


class TestSharedLocations:
    """Two experiments of one location: each run stays its own experiment's, the rest takes both."""

    LOCATION = "mlflow-artifacts:/shared"

    @pytest.fixture
    def hers(self, ada: User, store: ArtifactStore) -> Run:
        made = make_run(make_experiment(ada, "hers", location=self.LOCATION), ada)
        store.write(f"{path_of(made)}/a", [b"hers"])
        return made

    @pytest.fixture
    def his(self, bob: User, hers: Run) -> Run:
        grant(bob, hers.experiment, Level.NO_PERMISSIONS)
        return make_run(make_experiment(bob, "his", location=self.LOCATION), bob)

    def test_each_reaches_the_own_run_alone(self, hers: Run, his: Run, bob: User) -> None:
        client = as_user(bob)

        assert put(client, f"{path_of(his)}/b").status_code == 200
        assert client.get(f"{FILES}/{path_of(hers)}/a").status_code == 404
        assert put(client, f"{path_of(hers)}/a").status_code == 404
        assert client.delete(f"{FILES}/{path_of(hers)}").status_code == 404

    @pytest.mark.parametrize("path", ["shared", "shared/traces/x", "shared/x"])
    def test_what_is_nobodys_run_takes_the_level_on_both(self, his: Run, bob: User, path: str) -> None:
        client = as_user(bob)

        assert client.get(FILES, {"path": path}).status_code == 404
        assert put(client, f"{path}/x").status_code == 404
        assert client.delete(f"{FILES}/{path}").status_code == 404


def test_a_location_planted_in_anothers_gives_no_way_in(run: Run, bob: User, ada: User) -> None:
    """`check_location` refuses it; should a row say so anyway, the outer experiment owns what is in it."""
    grant(bob, run.experiment, Level.NO_PERMISSIONS)
    mine = make_experiment(bob, "mine")
    Experiment.objects.filter(pk=mine.pk).update(artifact_location=f"mlflow-artifacts:/{path_of(run)}")

    client = as_user(bob)

    assert client.get(f"{FILES}/{path_of(run)}/a").status_code == 404
    assert put(client, f"{path_of(run)}/a").status_code == 404
    assert client.get(FILES, {"path": path_of(run)}).status_code == 404


def test_a_logged_models_files_are_its_experiments(run: Run, ada: User, bob: User) -> None:
    model = make_model(run.experiment, ada)
    path = f"{run.experiment_id}/models/{model.model_id}/artifacts/MLmodel"
    grant(bob, run.experiment, Level.READ)

    assert put(as_user(ada), path, b"flavors").status_code == 200

    listing = as_user(bob).get(f"{MLFLOW}/logged-models/{model.model_id}/artifacts/directories").json()
    assert listing == {
        "root_uri": model.artifact_location,
        "files": [{"path": "MLmodel", "is_dir": False, "file_size": 7}],
    }
    file = as_user(bob).get(
        f"/ajax-api/2.0/mlflow/logged-models/{model.model_id}/artifacts/files", {"artifact_file_path": "MLmodel"}
    )
    assert content(file) == b"flavors"
    assert put(as_user(bob), path).status_code == 403
    grant(bob, run.experiment, Level.NO_PERMISSIONS)
    assert as_user(bob).get(f"{MLFLOW}/logged-models/{model.model_id}/artifacts/directories").status_code == 404


def test_a_run_named_twice_has_to_be_the_same(run: Run, ada: User) -> None:
    other = make_run(run.experiment, ada)

    answer = as_user(ada).get("/get-artifact", {"run_id": run.uuid, "run_uuid": other.uuid, "path": "a"})

    assert answer.status_code == 400


def test_a_run_whose_location_was_planted_is_refused(run: Run, ada: User) -> None:
    Run.objects.filter(pk=run.pk).update(artifact_uri="file:///etc")

    for answer in (
        as_user(ada).get(f"{MLFLOW}/artifacts/list", {"run_id": run.uuid}),
        as_user(ada).get("/get-artifact", {"run_id": run.uuid, "path": "passwd"}),
        as_user(ada).post(
            f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run.uuid}&path=x", b"x", content_type="text/plain"
        ),
    ):
        assert answer.status_code == 400
        assert "root:" not in answer.content.decode()
