"""A, B1, E8, F6, F7 of SECURITY.md: no path that a client spells reaches anything but its own run's files.

Every call that takes a path meets every hostile spelling, with a canary beside the store, one in another run and one
at the store's own root. None may be read, changed or deleted, and nothing may appear.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.tracking.artifacts.stores import proxied_store
from apps.tracking.models import ArtifactFile, Experiment, LoggedModel, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.tracking.artifacts.calling import FILES, JSON, MLFLOW, as_user, content, put
from tests.tracking.artifacts.verbs import VERBS, Target, target
from tests.tracking.making import make_experiment, make_model, make_run

pytestmark = [pytest.mark.django_db, pytest.mark.once]  # files, whatever the database

CANARY = b"nobody may see or change this"
CANARY_NAME = "canary.txt"

# Where the canaries are, seen from the run's own root: `<store>/<experiment>/<run>/artifacts`.
UP_TO_THE_STORE = "../../.."
UP_OUT_OF_IT = "../../../.."

HOSTILE = {
    "parents": f"{UP_OUT_OF_IT}/{CANARY_NAME}",
    "parents to the store": f"{UP_TO_THE_STORE}/{CANARY_NAME}",
    "parents to the next run": "../../{other}/artifacts/canary.txt",
    "parents after a folder": f"folder/../{UP_OUT_OF_IT}/{CANARY_NAME}",
    "encoded slashes": f"{UP_OUT_OF_IT}/{CANARY_NAME}".replace("/", "%2f"),
    "encoded dots": f"{UP_OUT_OF_IT}/{CANARY_NAME}".replace("..", "%2e%2e"),
    "encoded twice": f"{UP_OUT_OF_IT}/{CANARY_NAME}".replace("..", "%252e%252e").replace("/", "%252f"),
    "encoded thrice": f"{UP_OUT_OF_IT}/{CANARY_NAME}".replace("..", "%25252e%25252e").replace("/", "%25252f"),
    "half encoded": f"{UP_OUT_OF_IT}/{CANARY_NAME}".replace("..", ".%2e"),
    "backslashes": f"{UP_OUT_OF_IT}/{CANARY_NAME}".replace("/", "\\"),
    "encoded backslashes": f"{UP_OUT_OF_IT}/{CANARY_NAME}".replace("/", "%5c"),
    "mixed slashes": f"..\\{UP_OUT_OF_IT}/{CANARY_NAME}",
    "overlong dots": f"%c0%ae%c0%ae/{UP_OUT_OF_IT}/{CANARY_NAME}",
    "semicolons": f"..;/..;/..;/..;/{CANARY_NAME}",
    "a fragment": f"a%23/{UP_OUT_OF_IT}/{CANARY_NAME}",
    "a query": f"a%3f/{UP_OUT_OF_IT}/{CANARY_NAME}",
    "a null": f"{UP_OUT_OF_IT}/{CANARY_NAME}%00.png",
    "a null alone": "a%00",
    "a line end": "a%0d%0aSet-Cookie: x=y",
    "absolute": "{outside}/canary.txt",
    "absolute encoded": "%2f{outside}/canary.txt",
    "absolute doubled": "/{outside}/canary.txt",
    "a file URI": "file:{outside}/canary.txt",
    "a file URL": "file://{outside}/canary.txt",
    "a drive": "C:\\canary.txt",
    "a drive with slashes": "C:/canary.txt",
    "doubled slashes": f"a//{UP_OUT_OF_IT}/{CANARY_NAME}",
    "a long name": "x" * 300,
    "a long path": "/".join(["x" * 200] * 8),
}


@dataclass(frozen=True)
class Scene:
    """Ada's run and logged model with a file each, another run of hers, and a canary in each forbidden place."""

    ada: User
    run: Run
    model: LoggedModel
    other: Run
    outside: Path
    """The folder that holds the store, and one canary; the store's own root holds another."""

    @property
    def at(self) -> Target:
        return target(self.run, self.model)

    @property
    def root(self) -> Path:
        """The run's own folder, on the disk."""
        return self.outside / "store" / self.at.root

    def everything(self) -> dict[str, bytes]:
        """Every file in the store and beside it, with its content."""
        found = (path for path in self.outside.rglob("*") if path.is_file())
        return {str(path.relative_to(self.outside)): path.read_bytes() for path in found}


@pytest.fixture
def scene(db: None, tmp_path: Path, settings: Settings) -> Scene:
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path / "store")
    ada = User.objects.create_user("ada")
    experiment = make_experiment(ada, "hers")
    made = Scene(ada, make_run(experiment, ada), make_model(experiment, ada), make_run(experiment, ada), tmp_path)
    for root in (made.at.root, made.at.model_root):
        proxied_store().write(f"{root}/a", [b"her own"])
    proxied_store().write(f"{experiment.pk}/{made.other.uuid}/artifacts/{CANARY_NAME}", [CANARY])
    for folder in (tmp_path, tmp_path / "store"):
        (folder / CANARY_NAME).write_bytes(CANARY)
    return made


@pytest.fixture
def client(scene: Scene) -> Iterator[Client]:
    """Ada, who may do everything with her own experiment. Whatever she tried, every file is as it was."""
    before = scene.everything()
    yield as_user(scene.ada)
    assert scene.everything() == before
    assert not ArtifactFile.objects.exists()


@pytest.mark.parametrize("spelling", HOSTILE)
@pytest.mark.parametrize("name", VERBS)
def test_no_call_follows_a_hostile_path(client: Client, scene: Scene, name: str, spelling: str) -> None:
    path = HOSTILE[spelling].format(outside=scene.outside, other=scene.other.uuid)

    answer = VERBS[name].call(client, scene.at, path)

    assert 400 <= answer.status_code < 500, content(answer)
    said = content(answer)
    assert CANARY not in said
    assert str(scene.outside).encode() not in said


@pytest.mark.parametrize("name", VERBS)
def test_an_error_never_tells_what_exists_elsewhere(client: Client, scene: Scene, name: str) -> None:
    """A9: the answer is the same whether or not something is there."""
    there, nowhere = (
        VERBS[name].call(client, scene.at, f"{UP_OUT_OF_IT}/{file}") for file in (CANARY_NAME, "never-there.txt")
    )

    assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)


@pytest.mark.parametrize("link", ["file", "folder", "chain"])
@pytest.mark.parametrize("name", VERBS)
def test_no_call_follows_a_link(scene: Scene, name: str, link: str) -> None:
    """A6, A7: somebody with access to the disk planted a link in the run's folder."""
    at, secret = scene.at, scene.outside / "secret"
    secret.mkdir()
    (secret / CANARY_NAME).write_bytes(CANARY)
    for root in (at.root, at.model_root, f"{at.experiment_id}/traces/tr-1/artifacts"):
        folder = scene.outside / "store" / root
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "file").symlink_to(secret / CANARY_NAME)
        (folder / "folder").symlink_to(secret)
        (folder / "chain").symlink_to(folder / "folder")
    path = "file" if link == "file" else f"{link}/{CANARY_NAME}"

    answer = VERBS[name].call(as_user(scene.ada), at, path)

    assert CANARY not in content(answer)
    assert [(file.name, file.read_bytes()) for file in secret.iterdir()] == [(CANARY_NAME, CANARY)]
    if "list" in name:
        assert answer.json().get("files", []) == []


@pytest.mark.parametrize("name", [name for name in VERBS if name.startswith("list")])
def test_a_listing_leaves_links_out(scene: Scene, name: str) -> None:
    for root in (scene.at.root, scene.at.model_root):
        (scene.outside / "store" / root / "link").symlink_to(scene.outside)

    shown = VERBS[name].call(as_user(scene.ada), scene.at, "").json()["files"]

    assert [found["path"] for found in shown] == ["a"]


LOCATIONS = [
    "/etc",
    "etc",
    "../x",
    "file:///etc",
    "file:/etc",
    "file:etc",
    "FILE:///etc",
    "http://169.254.169.254/latest",
    "https://host/x",
    "ftp://host/x",
    "sftp://host/x",
    "hdfs://host/x",
    "dbfs:/x",
    "runs:/abc/x",
    "models:/x/1",
    "s3://somebody-elses/x",
    "gs://somebody-elses/x",
    "wasbs://c@a.blob.core.windows.net/x",
    "mlflow-artifacts://evil.example/x",
    "mlflow-artifacts://evil.example:443/x",
    "mlflow-artifacts:/../x",
    "mlflow-artifacts:/x/../../y",
    "mlflow-artifacts:/%2e%2e/x",
    "mlflow-artifacts:/x\\..\\y",
    "mlflow-artifacts:/x?y=../z",
    "mlflow-artifacts:/x#/../y",
    "mlflow-artifacts:/",
    "mlflow-artifacts:/.uploads",
    "mlflow-artifacts:/{experiment}",
    "mlflow-artifacts:/{experiment}/{run}/artifacts",
    "mlflow-artifacts:/999/x",
]


@pytest.mark.parametrize("location", LOCATIONS)
def test_an_experiment_lies_only_where_this_server_keeps_artifacts(client: Client, scene: Scene, location: str) -> None:
    """A2."""
    location = location.format(experiment=scene.at.experiment_id, run=scene.at.run_id)
    before = Experiment.objects.count()

    body = {"name": "hostile", "artifact_location": location}
    answer = client.post(f"{MLFLOW}/experiments/create", body, content_type=JSON)

    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert Experiment.objects.count() == before


PLANTED = ["file://{outside}", "{outside}", "file:{outside}", "s3://other/x", "http://127.0.0.1:9/x", "", "x"]
PLANTED += ["mlflow-artifacts:/..", "mlflow-artifacts:/%2e%2e", "mlflow-artifacts:/"]
BY_THE_ROW = [
    "list_run", "download_for_the_browser", "upload_from_the_browser", "list_model", "download_a_models_file",
    "presign_upload", "presign_upload_to_a_model", "presign_download",
]  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("name", BY_THE_ROW)
def test_a_hostile_location_in_the_database_is_refused(client: Client, scene: Scene, name: str, planted: str) -> None:
    """A5: a row from an import, a restored backup, an older release."""
    location = planted.format(outside=scene.outside)
    Run.objects.filter(pk=scene.run.pk).update(artifact_uri=location)
    LoggedModel.objects.filter(pk=scene.model.pk).update(artifact_location=location)

    answer = VERBS[name].call(client, scene.at, CANARY_NAME)

    assert 400 <= answer.status_code < 500, content(answer)
    assert CANARY not in content(answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "path", ["model", "%6dodel", "%256dodel", "model/", "./model", "model/.", "%2e/model", "model%2f"]
)
def test_deleting_spares_siblings_however_the_name_is_spelled(scene: Scene, path: str) -> None:
    """A8."""
    root = scene.at.root
    for sibling in ("model/deep/x", "model2/x", "model.txt", "a"):
        proxied_store().write(f"{root}/{sibling}", [b"1"])
    before = set(scene.everything())

    answer = as_user(scene.ada).delete(f"{FILES}/{root}/{path}")

    assert answer.status_code == 200
    assert before - set(scene.everything()) == {f"store/{root}/model/deep/x"}


@pytest.mark.parametrize("path", ["{experiment}", "{experiment}/", ".", "%2e", "./", "{experiment}/.", "%2f", "..", ""])
def test_no_root_can_be_deleted(client: Client, scene: Scene, path: str) -> None:
    """A8."""
    answer = client.delete(f"{FILES}/{path.format(experiment=scene.at.experiment_id)}")

    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("name", [name for name, verb in VERBS.items() if verb.level > Level.READ])
def test_whoever_may_only_read_writes_nothing_by_any_way(scene: Scene, name: str) -> None:
    """E8, E11: multipart, presigned and proxied ways alike."""
    reader = someone_with(Level.READ, scene)
    before = scene.everything()

    answer = VERBS[name].call(as_user(reader), scene.at, "a")

    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert scene.everything() == before


def test_whoever_may_edit_deletes_nothing(scene: Scene) -> None:
    """E11."""
    answer = as_user(someone_with(Level.EDIT, scene)).delete(f"{FILES}/{scene.at.root}/a")

    assert answer.status_code == 403
    assert (scene.root / "a").read_bytes() == b"her own"


def someone_with(level: Level, scene: Scene) -> User:
    user = User.objects.create_user("someone")
    EXPERIMENT_GRANTS.set(target=scene.run.experiment, holder=user, level=level, by=system("test"))
    return user


@pytest.mark.parametrize("name", [name for name in VERBS if "multipart" in name])
@pytest.mark.parametrize("file", ["../../x", "..", ".", "", "a/..", "%2e%2e", "..%2fx", "x;y", "a\x00b", "\\..\\.."])
def test_the_name_of_a_multipart_upload_leads_nowhere_else(client: Client, scene: Scene, name: str, file: str) -> None:
    """The name that the client gives is its own path: only its last part counts, and that has to be a name."""
    action = name.removesuffix("_multipart")
    body = {"path": file, "num_parts": 1, "upload_id": "x", "parts": [{"part_number": 1, "etag": "x"}]}

    answer = client.post(f"/api/2.0/mlflow-artifacts/mpu/{action}/{scene.at.root}", body, content_type=JSON)

    # `../../x` is the client's way to its file `x`, which is allowed, though this store takes no parts.
    assert answer.status_code == (501 if file == "../../x" else 400)


def test_uploading_overwrites_nothing_outside_of_the_own_run(scene: Scene) -> None:
    """B1: another person's run of a hidden experiment."""
    bob = User.objects.create_user("bob")
    his = make_run(make_experiment(bob, "his"), bob)
    EXPERIMENT_GRANTS.set(target=his.experiment, holder=scene.ada, level=Level.NO_PERMISSIONS, by=system("test"))
    root = his.artifact_uri.removeprefix("mlflow-artifacts:/")
    proxied_store().write(f"{root}/a", [CANARY])
    client = as_user(scene.ada)
    before = scene.everything()

    answers = [
        put(client, f"{root}/a"),
        put(client, f"{scene.at.root}/../../../{root}/a"),
        put(client, f"{his.experiment_id}/new"),
        put(client, f"{scene.at.experiment_id}/{his.uuid}/artifacts/a"),
    ]

    assert [answer.status_code for answer in answers] == [404, 400, 404, 404]
    assert scene.everything() == before


HOSTILE_TYPES = ["text/html", "text/html; charset=utf-7", "image/svg+xml", "application/javascript", "x\r\nX-Evil: 1"]


@pytest.mark.parametrize("sent", HOSTILE_TYPES)
@pytest.mark.parametrize("name", ["page.html", "image.svg", "page.xhtml", "a.txt", "a", "script.js", "a.xml", "a.pdf"])
def test_what_was_uploaded_never_runs_as_this_server(scene: Scene, name: str, sent: str) -> None:
    """F6, F7: whatever type the uploader claims, and whatever type the name has."""
    client, at = as_user(scene.ada), scene.at
    body = b"<script>alert(1)</script>"
    client.generic("PUT", f"{FILES}/{at.root}/{name}", body, content_type=sent)

    answers: list[Any] = [
        client.get(f"{FILES}/{at.root}/{name}"),
        client.get("/get-artifact", {"run_id": at.run_id, "path": name}),
        client.get("/get-artifact", {"run_id": at.run_id, "path": name}, headers={"accept": "text/html"}),
        client.head(f"{FILES}/{at.root}/{name}"),
        client.get(f"{FILES}/{at.root}/{name}", headers={"range": "bytes=0-5"}),
    ]

    for answer in answers:
        content(answer)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "charset" not in answer["Content-Type"]
        assert "X-Evil" not in answer
        assert answer["Content-Type"] not in ("application/javascript", "text/javascript")


def test_a_file_above_the_limit_leaves_nothing(client: Client, scene: Scene, settings: Settings) -> None:
    """G4."""
    settings.MLREGISTRY_ARTIFACT_MAX_BYTES = 100

    assert put(client, f"{scene.at.root}/big", b"x" * 101).status_code == 413


def test_a_chunked_body_above_the_limit_is_stopped_where_the_limit_is(
    client: Client, scene: Scene, settings: Settings
) -> None:
    """G4: a body without a length ends when it is too much, not when the client stops sending."""
    settings.MLREGISTRY_ARTIFACT_MAX_BYTES = 5 * 1024 * 1024
    endless = Endless()
    chunked = {"wsgi.input": endless, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}

    answer = client.generic("PUT", f"{FILES}/{scene.at.root}/big", **chunked)

    assert answer.status_code == 413
    assert endless.given < 10 * 1024 * 1024


class Endless:
    """A body that never ends."""

    given = 0

    def read(self, size: int = -1) -> bytes:
        self.given += size
        return b"x" * size

    def readline(self) -> bytes:
        raise AssertionError("an upload has no lines")
