"""The proxy's calls where the store is S3: parts, presigned URLs, and runs that lie there themselves."""

import hashlib
import os

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.tracking.artifacts.stores.s3 import S3Store
from apps.tracking.models import ArtifactFile, Experiment, Run
from tests.tracking.artifacts.calling import JSON, MLFLOW, PROXY, as_user, content, get, names, put
from tests.tracking.artifacts.conftest import BUCKET
from tests.tracking.making import make_experiment, make_run

pytestmark = pytest.mark.django_db
PART = 5 * 1024 * 1024


@pytest.fixture
def run(experiment: Experiment, ada: User, s3: S3Store) -> Run:
    return make_run(experiment, ada)


@pytest.fixture
def root(run: Run) -> str:
    return run.artifact_uri.removeprefix("mlflow-artifacts:/")


@pytest.fixture
def client(ada: User) -> Client:
    return as_user(ada)


def test_a_file_goes_up_comes_down_and_is_deleted(client: Client, root: str) -> None:
    body = os.urandom(1000)
    assert put(client, f"{root}/f/a.bin", body).status_code == 200

    answer = get(client, f"{root}/f/a.bin", Range="bytes=10-19")

    assert (answer.status_code, answer.body) == (206, body[10:20])
    assert answer["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"'
    assert names(client, root) == ["f"]
    assert get(client, f"{root}/f").status_code == 400
    assert get(client, f"{root}/never").status_code == 404


def upload_in_parts(client: Client, folder: str, bodies: list[bytes]) -> requests.Response:
    """As MLflow's client does it."""
    asked = {"path": "/home/ada/big.bin", "num_parts": len(bodies)}
    started = client.post(f"{PROXY}/mpu/create/{folder}", asked, content_type=JSON).json()
    parts = []
    for credential, body in zip(started["credentials"], bodies, strict=True):
        sent = requests.put(credential["url"], data=body, timeout=30)
        parts.append({"part_number": credential["part_number"], "etag": sent.headers["ETag"], "url": credential["url"]})
    done = {"path": "/home/ada/big.bin", "upload_id": started["upload_id"], "parts": parts}
    return client.post(f"{PROXY}/mpu/complete/{folder}", done, content_type=JSON)


def test_a_client_uploads_in_parts_and_the_file_is_remembered_without_a_hash(
    client: Client, root: str, ada: User
) -> None:
    bodies = [os.urandom(PART), b"the rest"]

    assert upload_in_parts(client, f"{root}/folder", bodies).status_code == 200

    row = ArtifactFile.objects.get()
    assert row.uri == f"mlflow-artifacts:/{root}/folder/big.bin"
    assert (row.size, row.sha256, row.uploaded_by) == (PART + 8, None, ada.username)
    assert content(client.get(f"{PROXY}/artifacts/{root}/folder/big.bin")) == b"".join(bodies)


def test_an_aborted_upload_is_not_remembered(client: Client, root: str) -> None:
    asked = {"path": "big.bin", "num_parts": 1}
    started = client.post(f"{PROXY}/mpu/create/{root}", asked, content_type=JSON).json()

    done = client.post(f"{PROXY}/mpu/abort/{root}", asked | {"upload_id": started["upload_id"]}, content_type=JSON)

    assert done.status_code == 200
    assert names(client, root) == []
    assert not ArtifactFile.objects.exists()


def test_an_upload_belongs_to_its_file_alone(client: Client, root: str, run: Run, ada: User) -> None:
    """E8: the id of one upload completes or aborts no other file."""
    other = make_run(run.experiment, ada).artifact_uri.removeprefix("mlflow-artifacts:/")
    asked = {"path": "big.bin", "num_parts": 1}
    started = client.post(f"{PROXY}/mpu/create/{root}", asked, content_type=JSON).json()
    sent = requests.put(started["credentials"][0]["url"], data=b"x", timeout=30)
    parts = [{"part_number": 1, "etag": sent.headers["ETag"]}]

    client.post(
        f"{PROXY}/mpu/complete/{other}",
        asked | {"upload_id": started["upload_id"], "parts": parts},
        content_type=JSON,
    )

    assert names(client, other) == []


def test_a_presigned_download_needs_no_token(client: Client, root: str) -> None:
    put(client, f"{root}/a.txt", b"hello")

    made = client.get(f"{PROXY}/presigned/{root}/a.txt").json()

    assert made["file_size"] == 5
    assert made["headers"] == {}
    assert requests.get(made["url"], timeout=30).content == b"hello"
    assert client.get(f"{PROXY}/presigned/{root}/never").status_code == 404


def test_the_server_says_what_its_store_can_do(client: Client, s3: S3Store) -> None:
    info = client.get("/api/3.0/mlflow/server-info").json()

    assert (info["multipart_uploads_enabled"], info["multipart_downloads_enabled"]) == (True, True)


class TestRunsThatLieThere:
    """`MLREGISTRY_ARTIFACT_ROOT=s3://…`: clients write to the store themselves; the server reads and presigns."""

    @pytest.fixture
    def run(self, settings: Settings, ada: User, s3: S3Store) -> Run:
        settings.MLREGISTRY_ARTIFACT_ROOT = f"s3://{BUCKET}/direct"
        made = make_run(make_experiment(ada, "direct"), ada)
        key = made.artifact_uri.removeprefix(f"s3://{BUCKET}/")
        s3.client.put_object(Bucket=BUCKET, Key=f"{key}/f/a.txt", Body=b"hello")
        return made

    def test_they_are_listed_and_shown(self, client: Client, run: Run) -> None:
        listing = client.get(f"{MLFLOW}/artifacts/list", {"run_id": run.uuid, "path": "f"}).json()
        shown = client.get("/get-artifact", {"run_id": run.uuid, "path": "f/a.txt"})

        assert listing == {
            "root_uri": run.artifact_uri,
            "files": [{"path": "f/a.txt", "is_dir": False, "file_size": 5}],
        }
        assert content(shown) == b"hello"

    def test_presigned_urls_lead_there(self, client: Client, run: Run) -> None:
        asked = {"run_id": run.uuid, "path": "f/b.json"}

        up = client.post(f"{MLFLOW}/artifacts/presigned-upload-url", asked, content_type=JSON).json()
        sent = requests.put(up["presigned_url"], data=b"{}", headers=up["headers"], timeout=30)
        down = client.post(f"{MLFLOW}/artifacts/presigned-download-url", asked, content_type=JSON).json()

        assert sent.ok
        assert up["headers"] == {"Content-Type": "text/plain"}
        assert (requests.get(down["presigned_url"], timeout=30).content, down["file_size"]) == (b"{}", 2)

    @pytest.mark.parametrize("seconds", [0, -1, 604_801])
    def test_a_presigned_url_lives_seven_days_at_most(self, client: Client, run: Run, seconds: int) -> None:
        asked = {"run_id": run.uuid, "path": "f/a.txt", "expiration": seconds}

        answer = client.post(f"{MLFLOW}/artifacts/presigned-download-url", asked, content_type=JSON)

        assert answer.status_code == 400
        assert f"(got {seconds})" in answer.json()["message"]

    def test_a_file_from_the_browser_goes_there(self, client: Client, run: Run) -> None:
        client.post(
            f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run.uuid}&path=note.txt", b"hi", content_type="text/plain"
        )

        assert content(client.get("/get-artifact", {"run_id": run.uuid, "path": "note.txt"})) == b"hi"
        assert ArtifactFile.objects.get().uri == f"{run.artifact_uri}/note.txt"
