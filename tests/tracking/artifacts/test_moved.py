"""The files of a run that was moved: they are where they were, and the experiment that it is in now says who may."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.models import ArtifactFile, Experiment, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.runs import run_row
from apps.tracking.services.moving import move_run
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.tracking.artifacts.calling import FILES, MLFLOW, as_user, content, get, names, put
from tests.tracking.artifacts.verbs import VERBS, Target, target
from tests.tracking.making import delete_experiment, make_experiment, make_model, make_run

pytestmark = pytest.mark.django_db
OF_A_RUN = [name for name in VERBS if "trace" not in name]


def grant(user: User, experiment: Experiment, level: Level) -> None:
    EXPERIMENT_GRANTS.set(target=experiment, holder=user, level=level, by=system("test"))


def move(user: User, run: Run, to: Experiment) -> None:
    move_run(run=run_row(user, run.uuid, at_least=Level.EDIT), to=to, by=user.actor())


@pytest.fixture
def old(experiment: Experiment) -> Experiment:
    return experiment


@pytest.fixture
def new(ada: User) -> Experiment:
    return make_experiment(ada, "new")


@pytest.fixture
def bob(old: Experiment, new: Experiment) -> User:
    """Who may see neither."""
    user = User.objects.create_user("bob")
    for experiment in (old, new):
        grant(user, experiment, Level.NO_PERMISSIONS)
    return user


@pytest.fixture
def run(old: Experiment, ada: User) -> Run:
    return make_run(old, ada)


@pytest.fixture
def moved(run: Run, new: Experiment, ada: User, store: ArtifactStore) -> Target:
    """The run and a model of its, by where they lay before they were moved."""
    at = target(run, make_model(run.experiment, ada, source_run_id=run.uuid))
    for path in (f"{at.root}/a", f"{at.model_root}/a"):
        assert put(as_user(ada), path, b"hers").status_code == 200
    move(ada, run, new)
    return at


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("name", OF_A_RUN)
def test_every_verb_takes_its_level_on_the_new_experiment(
    moved: Target, new: Experiment, bob: User, name: str, level: Level
) -> None:
    grant(bob, new, level)
    answer = VERBS[name].call(as_user(bob), moved, "a")
    content(answer)
    if level < Level.READ:
        assert answer.status_code == 404
    elif level < VERBS[name].level:
        assert answer.status_code == 403
    elif "presign" in name or "multipart" in name:
        assert answer.status_code in (400, 501), "a local store has neither"
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize("name", OF_A_RUN)
def test_whoever_manages_the_old_experiment_alone_finds_nothing(
    moved: Target, old: Experiment, bob: User, name: str
) -> None:
    grant(bob, old, Level.MANAGE)
    assert VERBS[name].call(as_user(bob), moved, "a").status_code == 404


def test_what_was_known_of_a_file_is_known_and_a_new_one_lies_beside_it(
    moved: Target, new: Experiment, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = as_user(ada)
    assert len(get(client, f"{moved.root}/a")["ETag"].strip('"')) == 64, "its hash"
    assert put(client, f"{moved.root}/b/c", b"later").status_code == 200
    assert names(client, moved.root) == ["a", "b"]
    listed = client.get(f"{MLFLOW}/artifacts/list", {"run_id": moved.run_id}).json()
    assert listed["root_uri"] == f"mlflow-artifacts:/{moved.root}"
    assert [file["path"] for file in listed["files"]] == ["a", "b"]
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"{FILES}/{moved.root}/a").status_code == 200
    assert names(client, moved.root) == ["b"]
    assert [file.uri for file in ArtifactFile.objects.filter(experiment=new, uri__contains=moved.root)] == [
        f"mlflow-artifacts:/{moved.root}/b/c"
    ]


def test_the_folder_of_the_old_experiment_shows_only_what_is_left(
    moved: Target, old: Experiment, ada: User, store: ArtifactStore
) -> None:
    left, lefts = make_run(old, ada), make_model(old, ada)
    client = as_user(ada)
    for path in (f"{old.pk}/{left.uuid}/artifacts/a", f"{old.pk}/models/{lefts.model_id}/artifacts/a"):
        put(client, path)
    assert names(client, str(old.pk)) == sorted([left.uuid, "models"])
    assert names(client, f"{old.pk}/models") == [lefts.model_id]


def test_a_folder_with_what_was_moved_away_is_not_deleted(
    moved: Target, old: Experiment, ada: User, store: ArtifactStore
) -> None:
    client = as_user(ada)
    assert client.delete(f"{FILES}/{old.pk}").status_code == 400
    assert client.delete(f"{FILES}/{old.pk}/models").status_code == 400
    assert store.exists(f"{moved.model_root}/a")


def test_the_files_are_there_when_the_old_experiment_is_deleted(moved: Target, old: Experiment, ada: User) -> None:
    delete_experiment(ada, old)
    assert get(as_user(ada), f"{moved.root}/a").body == b"hers"


def test_only_the_path_where_it_lies_leads_to_it(moved: Target, new: Experiment, ada: User) -> None:
    for path in (f"{new.pk}/{moved.run_id}/artifacts/a", f"{new.pk}/models/{moved.model_id}/artifacts/a"):
        assert get(as_user(ada), path).status_code == 404
        assert put(as_user(ada), path).status_code == 404


def test_of_experiments_that_share_a_location_each_keeps_its_own(ada: User, bob: User, store: ArtifactStore) -> None:
    first, second = (make_experiment(ada, name, location="mlflow-artifacts:/shared") for name in ("one", "two"))
    run = make_run(first, ada)
    put(as_user(ada), f"shared/{run.uuid}/artifacts/a")
    move(ada, run, second)
    grant(bob, first, Level.NO_PERMISSIONS)
    assert get(as_user(bob), f"shared/{run.uuid}/artifacts/a").status_code == 200
    grant(bob, second, Level.NO_PERMISSIONS)
    grant(bob, first, Level.MANAGE)
    assert get(as_user(bob), f"shared/{run.uuid}/artifacts/a").status_code == 404
