"""Sealed files: no door changes them, whatever it is called and whenever the upload began."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.tracking.artifacts import seals, services
from apps.tracking.artifacts.locations import proxied
from apps.tracking.artifacts.places import Place, place_of, run_place
from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.artifacts.stores.s3 import S3Store
from apps.tracking.choices import Lifecycle
from apps.tracking.models import ArtifactFile, Experiment, LoggedModel, Run, Seal
from mlregistry.errors import InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Level
from tests.live import PROJECT, LiveServer
from tests.tracking.artifacts.calling import FILES, JSON, MLFLOW, as_user, get, put
from tests.tracking.artifacts.conftest import BUCKET, PREFIX
from tests.tracking.artifacts.test_live_artifacts import root_of_a_new_run
from tests.tracking.artifacts.verbs import VERBS, Target, target
from tests.tracking.making import delete, make_experiment, make_model, make_run

pytestmark = pytest.mark.django_db
OLD = b"as it was registered"
HOLDER = "registry.modelversion:1"
WRITING = sorted(name for name, verb in VERBS.items() if verb.level > Level.READ and name != "abort_multipart")
"""Every door that changes files. One that is added has to refuse too, or to be taken out here by somebody."""
TO_THE_STORE_ITSELF = [name for name in WRITING if name.startswith("presign")]


@pytest.fixture(params=["folder", "s3"])
def kept_in(request: pytest.FixtureRequest) -> ArtifactStore:
    """The proxy's store, of each kind."""
    found: ArtifactStore = request.getfixturevalue({"folder": "store", "s3": "s3"}[request.param])
    return found


@pytest.fixture
def client(ada: User) -> Client:
    return as_user(ada)


@pytest.fixture
def run(experiment: Experiment, ada: User) -> Run:
    return make_run(experiment, ada)


@pytest.fixture
def model(experiment: Experiment, ada: User) -> LoggedModel:
    return make_model(experiment, ada)


def folder(user: User, run: Run, path: str = "model") -> Place:
    return run_place(user, run.uuid, at_least=Level.EDIT)[0].below(path)


def keep(user: User, place: Place, content: bytes = OLD) -> None:
    services.upload(place=place, chunks=[content], by=user.actor())


def read(place: Place) -> bytes:
    file = place.store.open(place.path)
    try:
        return b"".join(file.chunks(0, file.stored.size))
    finally:
        file.close()


@pytest.fixture
def sealed(ada: User, run: Run, model: LoggedModel) -> Target:
    """A run and a logged model that each have a sealed folder with a file in it."""
    for location in (run.artifact_uri, model.artifact_location):
        keep(ada, place_of(location).below("model/weights"))
        seals.seal(place=place_of(f"{location}/model"), holder=HOLDER)
    return target(run, model)


def snapshot(store: ArtifactStore, folder: str) -> dict[str, bytes | None]:
    """Everything below a folder."""
    found: dict[str, bytes | None] = {}
    for entry in store.entries(folder):
        found |= snapshot(store, entry.path) if entry.is_dir else {entry.path: None}
    for path in found:
        file = store.open(path)
        found[path] = b"".join(file.chunks(0, file.stored.size))
        file.close()
    return found


def assert_refused(answer: Any) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED"), answer.content
    assert "version of a registered model is made of these files" in answer.json()["message"]


class TestEveryDoor:
    @pytest.mark.parametrize("path", ["model/weights", "model/new", "model/deep/er/new"])
    @pytest.mark.parametrize("door", [name for name in WRITING if name not in TO_THE_STORE_ITSELF])
    def test_refuses_what_is_sealed(
        self, kept_in: ArtifactStore, client: Client, sealed: Target, door: str, path: str
    ) -> None:
        before = snapshot(kept_in, str(sealed.experiment_id))

        answer = VERBS[door].call(client, sealed, path)

        assert_refused(answer)
        assert snapshot(kept_in, str(sealed.experiment_id)) == before
        assert len(before) == 2
        assert not Entry.objects.filter(action="tracking.artifact.delete").exists()

    def test_makes_no_file_of_a_sealed_folder(self, kept_in: ArtifactStore, client: Client, sealed: Target) -> None:
        before = snapshot(kept_in, str(sealed.experiment_id))

        assert VERBS["upload"].call(client, sealed, "model").status_code in (400, 403)
        assert snapshot(kept_in, str(sealed.experiment_id)) == before

    @pytest.mark.parametrize("path", ["model2", "model.txt/x", "other/model/weights", "Model/weights"])
    @pytest.mark.parametrize("door", [name for name in WRITING if name not in TO_THE_STORE_ITSELF])
    def test_lets_through_what_lies_beside_it(
        self, kept_in: ArtifactStore, client: Client, sealed: Target, door: str, path: str
    ) -> None:
        answer = VERBS[door].call(client, sealed, path)

        assert answer.status_code != 403, answer.content

    @pytest.mark.parametrize("door", TO_THE_STORE_ITSELF)
    def test_gives_no_url_to_write_to_what_is_sealed(
        self, s3: S3Store, settings: Settings, client: Client, ada: User, door: str
    ) -> None:
        settings.MLREGISTRY_ARTIFACT_ROOT = f"s3://{BUCKET}/direct"
        direct = make_experiment(ada, "direct")
        run, model = make_run(direct, ada), make_model(direct, ada)
        for location in (run.artifact_uri, model.artifact_location):
            seals.seal(place=place_of(f"{location}/model"), holder=HOLDER)

        assert_refused(VERBS[door].call(client, target(run, model), "model/weights"))
        assert VERBS[door].call(client, target(run, model), "beside").status_code == 200

    @pytest.mark.parametrize("above", ["", "/artifacts"])
    def test_deletes_nothing_that_a_sealed_folder_lies_in(
        self, store: ArtifactStore, client: Client, sealed: Target, above: str
    ) -> None:
        for path in (f"{sealed.experiment_id}/{sealed.run_id}{above}", f"{sealed.experiment_id}/models"):
            assert_refused(client.delete(f"{FILES}/{path}"))
        assert store.exists(f"{sealed.root}/model/weights")

    def test_reads_as_before(self, store: ArtifactStore, client: Client, sealed: Target) -> None:
        assert get(client, f"{sealed.root}/model/weights").body == OLD

    def test_gives_up_a_multipart_upload_that_was_begun_before(self, s3: S3Store, client: Client, run: Run) -> None:
        root = run.artifact_uri.removeprefix("mlflow-artifacts:/")
        asked = {"path": "weights", "num_parts": 1}
        started = client.post(f"/api/2.0/mlflow-artifacts/mpu/create/{root}/model", asked, content_type=JSON).json()
        sent = requests.put(started["credentials"][0]["url"], data=b"changed", timeout=30)
        seals.seal(place=place_of(f"{run.artifact_uri}/model"), holder=HOLDER)

        done = asked | {
            "upload_id": started["upload_id"],
            "parts": [{"part_number": 1, "etag": sent.headers["ETag"]}],
        }
        refused = client.post(f"/api/2.0/mlflow-artifacts/mpu/complete/{root}/model", done, content_type=JSON)
        gone = client.post(f"/api/2.0/mlflow-artifacts/mpu/abort/{root}/model", done, content_type=JSON)

        assert_refused(refused)
        assert gone.status_code == 200
        assert not s3.exists(f"{root}/model")


class TestAnUploadOnItsWay:
    @pytest.mark.parametrize("pieces", [1, 3])
    def test_is_refused_if_the_seal_came_while_it_was_sent(
        self, kept_in: ArtifactStore, ada: User, run: Run, pieces: int
    ) -> None:
        place = folder(ada, run, "model/weights")
        keep(ada, place)

        def sent() -> Iterator[bytes]:
            for _ in range(pieces):
                yield b"changed"
            seals.seal(place=place_of(f"{run.artifact_uri}/model"), holder=HOLDER)

        with pytest.raises(PermissionDenied):
            services.upload(place=place, chunks=sent(), by=ada.actor())

        assert read(place) == OLD
        assert ArtifactFile.objects.get().size == len(OLD)

    def test_is_told_early_if_it_is_long(self, kept_in: ArtifactStore, ada: User, run: Run) -> None:
        place = folder(ada, run, "model/weights")
        seals.seal(place=place_of(f"{run.artifact_uri}/model"), holder=HOLDER)
        taken = []

        def sent() -> Iterator[bytes]:
            for number in range(1000):
                taken.append(number)
                yield b"x"

        with pytest.raises(PermissionDenied):
            services.upload(place=place, chunks=sent(), by=ada.actor())

        assert len(taken) == 2
        assert not kept_in.exists(place.path)


def run_in(server: LiveServer, code: str) -> None:
    """Run Python on the server's own database."""
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    subprocess.run(command, cwd=PROJECT, env=server.environment, check=True, capture_output=True, timeout=60)


def test_a_put_that_began_before_the_seal_and_ends_after_it_changes_nothing(server: LiveServer) -> None:
    root = root_of_a_new_run(server)
    address = server.url(f"{FILES}/{root}/model/weights")
    sealing = (
        "from apps.tracking.artifacts import places, seals;"
        f"seals.seal(place=places.place_of('mlflow-artifacts:/{root}/model'), holder='{HOLDER}')"
    )

    class Slow:
        """Half of the body, then the seal, then the rest."""

        len = 2_000_000

        def __init__(self) -> None:
            self.sent = 0

        def read(self, size: int = -1) -> bytes:
            if self.sent == 0:
                self.sent = 1_000_000
                return b"x" * 1_000_000
            if self.sent == 1_000_000:
                run_in(server, sealing)
                self.sent = 2_000_000
                return b"y" * 1_000_000
            return b""

    with server.session() as session:
        assert session.put(address, data=OLD, timeout=30).status_code == 200
        answer = session.put(address, data=Slow(), timeout=90)
        now = session.get(address, timeout=30).content
        beside = session.put(server.url(f"{FILES}/{root}/model2/weights"), data=b"new", timeout=30)

    assert_refused(answer)
    assert now == OLD
    assert beside.status_code == 200


class TestSealing:
    def test_a_sealed_file_alone_is_kept(self, store: ArtifactStore, client: Client, run: Run) -> None:
        root = run.artifact_uri.removeprefix("mlflow-artifacts:/")
        put(client, f"{root}/f/a", OLD)
        seals.seal(place=place_of(f"{run.artifact_uri}/f/a"), holder=HOLDER)

        assert_refused(put(client, f"{root}/f/a"))
        assert_refused(client.delete(f"{FILES}/{root}/f"))
        assert put(client, f"{root}/f/b").status_code == 200

    def test_files_are_free_when_the_last_holder_lets_go(self, store: ArtifactStore, ada: User, run: Run) -> None:
        place = place_of(f"{run.artifact_uri}/model")
        for holder in ("registry.modelversion:1", "registry.modelversion:10"):
            seals.seal(place=place, holder=holder)
            seals.seal(place=place, holder=holder)
        assert Seal.objects.count() == 2

        assert seals.unseal(holder="registry.modelversion:1")
        with pytest.raises(PermissionDenied):
            seals.check_unsealed(place)
        assert seals.unseal(holder="registry.modelversion:10")
        seals.check_unsealed(place)
        assert not seals.unseal(holder="registry.modelversion:10")

    def test_a_seal_says_whose_files_they_are(
        self, store: ArtifactStore, run: Run, model: LoggedModel, experiment: Experiment
    ) -> None:
        for location in (
            f"{run.artifact_uri}/model",
            model.artifact_location,
            f"{experiment.artifact_location}/traces/tr-1/artifacts",
        ):
            seals.seal(place=place_of(location), holder=HOLDER)

        rows = Seal.objects.order_by("pk").values_list("uri", "experiment", "run_uuid", "logged_model_id")
        assert list(rows) == [
            (f"{run.artifact_uri}/model", experiment.pk, run.uuid, ""),
            (model.artifact_location, experiment.pk, "", model.model_id),
            (f"{experiment.artifact_location}/traces/tr-1/artifacts", experiment.pk, "", ""),
        ]

    def test_all_of_an_experiment_is_not_sealed(self, store: ArtifactStore, experiment: Experiment) -> None:
        with pytest.raises(InvalidParameter, match="all that an experiment has"):
            seals.seal(place=place_of(experiment.artifact_location), holder=HOLDER)

    @pytest.mark.parametrize("owner", [Run, LoggedModel, Experiment])
    def test_what_gc_has_begun_to_remove_is_not_sealed(
        self, store: ArtifactStore, run: Run, model: LoggedModel, owner: type[Run]
    ) -> None:
        places = [place_of(run.artifact_uri), place_of(model.artifact_location)]
        owner.objects.exclude(pk=0).update(lifecycle_stage=Lifecycle.PURGING)

        refused = 0
        for place in places:
            try:
                seals.seal(place=place, holder=HOLDER)
            except NotFound:
                refused += 1

        assert refused == (2 if owner is Experiment else 1)
        assert Seal.objects.count() == 2 - refused

    def test_deleting_a_run_that_can_be_restored_stays_allowed(
        self, store: ArtifactStore, client: Client, ada: User, run: Run
    ) -> None:
        seals.seal(place=place_of(f"{run.artifact_uri}/model"), holder=HOLDER)

        assert client.post(f"{MLFLOW}/runs/delete", {"run_id": run.uuid}, content_type=JSON).status_code == 200
        assert client.post(f"{MLFLOW}/runs/restore", {"run_id": run.uuid}, content_type=JSON).status_code == 200
        delete(ada, run)
        seals.seal(place=place_of(f"{run.artifact_uri}/model"), holder="another")


class TestThePlaceOfALocation:
    def test_is_spelled_as_uploads_spell_it_however_it_is_written(self, s3: S3Store, ada: User, run: Run) -> None:
        path = run.artifact_uri.removeprefix("mlflow-artifacts:/")

        found = {
            place_of(location)
            for location in (
                f"{run.artifact_uri}/model",
                f"{run.artifact_uri}/model/",
                f"mlflow-artifacts:///{path}/model",
                f"s3://{BUCKET}/{PREFIX}/{path}/model",
            )
        }

        assert found == {folder(ada, run)}

    def test_is_the_one_that_clients_write_to_themselves(self, s3: S3Store, ada: User, settings: Settings) -> None:
        settings.MLREGISTRY_ARTIFACT_ROOT = f"s3://{BUCKET}/direct"
        run = make_run(make_experiment(ada, "direct"), ada)

        assert place_of(f"{run.artifact_uri}/model") == folder(ada, run)

    def test_of_experiments_that_share_a_location_it_is_the_one_that_has_the_run(
        self, store: ArtifactStore, ada: User
    ) -> None:
        first, second = (make_experiment(ada, name, location=proxied("shared")) for name in ("a", "b"))
        run = make_run(second, ada)

        assert place_of(run.artifact_uri).experiment_id == second.pk
        assert place_of(proxied("shared/notes")).experiment_id == first.pk

    @pytest.mark.parametrize(
        "path", ["nobodys/model", "{experiment}/{no_run}/artifacts/model", "{experiment}/models/m-x"]
    )
    def test_that_belongs_to_nobody_is_not_found(self, store: ArtifactStore, experiment: Experiment, path: str) -> None:
        with pytest.raises(NotFound, match="belong to no experiment, run or logged model"):
            place_of(proxied(path.format(experiment=experiment.pk, no_run="0" * 32)))

    @pytest.mark.parametrize("location", ["s3://theirs/model", "dbfs:/model", "/etc", "mlflow-artifacts:/..", ""])
    def test_that_is_in_no_store_of_this_server_is_refused(self, store: ArtifactStore, location: str) -> None:
        with pytest.raises(InvalidParameter):
            place_of(location)
