"""Every call that takes the path of an artifact, by what it does, with the level that it needs.

Each is called with a client, what it aims at, and a path below the run's (or logged model's) own root, spelled as a
client could spell it: in the address, in the query, or in the JSON of the body.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client

from apps.tracking.models import LoggedModel, Run
from mlregistry.levels import Level
from tests.tracking.artifacts.calling import FILES, JSON, MLFLOW, PROXY, put

CONTENT = b"written by a test"


@dataclass(frozen=True)
class Target:
    """A run and a logged model of one experiment."""

    experiment_id: int
    run_id: str
    model_id: str

    @property
    def root(self) -> str:
        return f"{self.experiment_id}/{self.run_id}/artifacts"

    @property
    def model_root(self) -> str:
        return f"{self.experiment_id}/models/{self.model_id}/artifacts"


def target(run: Run, model: LoggedModel) -> Target:
    return Target(run.experiment_id, run.uuid, model.model_id)


@dataclass(frozen=True)
class Verb:
    level: Level
    call: Callable[[Client, Target, str], Any]


VERBS: dict[str, Verb] = {}


def verb(level: Level) -> Callable[[Callable[[Client, Target, str], Any]], Callable[[Client, Target, str], Any]]:
    def note(call: Callable[[Client, Target, str], Any]) -> Callable[[Client, Target, str], Any]:
        VERBS[call.__name__] = Verb(level, call)
        return call

    return note


@verb(Level.READ)
def list_proxied(client: Client, at: Target, path: str) -> Any:
    return client.get(FILES, {"path": f"{at.root}/{path}"})


@verb(Level.READ)
def download(client: Client, at: Target, path: str) -> Any:
    return client.get(f"{FILES}/{at.root}/{path}")


@verb(Level.READ)
def download_from_a_model(client: Client, at: Target, path: str) -> Any:
    return client.get(f"{FILES}/{at.model_root}/{path}")


@verb(Level.READ)
def download_from_the_twin(client: Client, at: Target, path: str) -> Any:
    return client.get(f"{FILES}/{at.root}/{path}".replace("/api/", "/ajax-api/"))


@verb(Level.READ)
def download_a_trace(client: Client, at: Target, path: str) -> Any:
    return client.get(f"{FILES}/{at.experiment_id}/traces/tr-1/artifacts/{path}")


@verb(Level.EDIT)
def upload(client: Client, at: Target, path: str) -> Any:
    return put(client, f"{at.root}/{path}", CONTENT)


@verb(Level.EDIT)
def upload_to_a_model(client: Client, at: Target, path: str) -> Any:
    return put(client, f"{at.model_root}/{path}", CONTENT)


@verb(Level.MANAGE)
def delete(client: Client, at: Target, path: str) -> Any:
    return client.delete(f"{FILES}/{at.root}/{path}")


@verb(Level.EDIT)
def create_multipart(client: Client, at: Target, path: str) -> Any:
    body = {"path": "part.bin", "num_parts": 1}
    return client.post(f"{PROXY}/mpu/create/{at.root}/{path}", body, content_type=JSON)


@verb(Level.EDIT)
def complete_multipart(client: Client, at: Target, path: str) -> Any:
    body = {"path": "part.bin", "upload_id": "x", "parts": [{"part_number": 1, "etag": "x"}]}
    return client.post(f"{PROXY}/mpu/complete/{at.root}/{path}", body, content_type=JSON)


@verb(Level.EDIT)
def abort_multipart(client: Client, at: Target, path: str) -> Any:
    body = {"path": "part.bin", "upload_id": "x"}
    return client.post(f"{PROXY}/mpu/abort/{at.root}/{path}", body, content_type=JSON)


@verb(Level.READ)
def presign_proxied(client: Client, at: Target, path: str) -> Any:
    return client.get(f"{PROXY}/presigned/{at.root}/{path}")


@verb(Level.READ)
def list_run(client: Client, at: Target, path: str) -> Any:
    return client.get(f"{MLFLOW}/artifacts/list", {"run_id": at.run_id, "path": path})


@verb(Level.READ)
def download_for_the_browser(client: Client, at: Target, path: str) -> Any:
    return client.get("/get-artifact", {"run_id": at.run_id, "path": path})


@verb(Level.EDIT)
def upload_from_the_browser(client: Client, at: Target, path: str) -> Any:
    return client.post(
        "/ajax-api/2.0/mlflow/upload-artifact",
        CONTENT,
        content_type="text/plain",
        query_params={"run_uuid": at.run_id, "path": path},
    )


@verb(Level.READ)
def list_model(client: Client, at: Target, path: str) -> Any:
    query = {"artifact_directory_path": path}
    return client.get(f"{MLFLOW}/logged-models/{at.model_id}/artifacts/directories", query)


@verb(Level.READ)
def download_a_models_file(client: Client, at: Target, path: str) -> Any:
    address = f"/ajax-api/2.0/mlflow/logged-models/{at.model_id}/artifacts/files"
    return client.get(address, {"artifact_file_path": path})


@verb(Level.EDIT)
def presign_upload(client: Client, at: Target, path: str) -> Any:
    return client.post(
        f"{MLFLOW}/artifacts/presigned-upload-url", {"run_id": at.run_id, "path": path}, content_type=JSON
    )


@verb(Level.EDIT)
def presign_upload_to_a_model(client: Client, at: Target, path: str) -> Any:
    return client.post(
        f"{MLFLOW}/artifacts/presigned-upload-url", {"model_id": at.model_id, "path": path}, content_type=JSON
    )


@verb(Level.READ)
def presign_download(client: Client, at: Target, path: str) -> Any:
    return client.post(
        f"{MLFLOW}/artifacts/presigned-download-url", {"run_id": at.run_id, "path": path}, content_type=JSON
    )
