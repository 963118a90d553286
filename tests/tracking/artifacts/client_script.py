"""What MLflow's own client does with artifacts, and what it must find. Run by a Python that has MLflow."""

# ruff: noqa: SLF001  whether the client goes in parts, only it knows
import filecmp
import os
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow.artifacts import download_artifacts
from mlflow.artifacts import list_artifacts as list_remote
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking import MlflowClient

MIB = 1024 * 1024
big = int(sys.argv[1]) * MIB if len(sys.argv) > 1 else MIB
folder = Path(tempfile.mkdtemp())


def file(path: str, content: bytes) -> Path:
    made = folder / path
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(content)
    return made


def paths(run_id: str, path: str | None = None) -> list[tuple[str, bool, int | None]]:
    return [(found.path, found.is_dir, found.file_size) for found in list_remote(run_id=run_id, artifact_path=path)]


mlflow.set_experiment("artifacts of the client")
with mlflow.start_run() as run:
    run_id = run.info.run_id
    mlflow.log_artifact(str(file("note.txt", b"hello")))
    mlflow.log_artifact(str(file("n äme 日本.txt", b"named")), "deep/er")
    mlflow.log_artifact(str(file("empty.bin", b"")))
    mlflow.log_artifact(str(file("big.bin", os.urandom(big))), "large")
    for name in ("a", "b/c", "b/d e"):
        file(f"tree/{name}", name.encode())
    mlflow.log_artifacts(str(folder / "tree"), "tree")
    mlflow.log_dict({"a": 1}, "made/dict.json")
    mlflow.log_text("<h1>hi</h1>", "made/page.html")

assert paths(run_id) == [
    ("deep", True, None),
    ("empty.bin", False, None),
    ("large", True, None),
    ("made", True, None),
    ("note.txt", False, 5),
    ("tree", True, None),
], paths(run_id)
assert paths(run_id, "tree") == [("tree/a", False, 1), ("tree/b", True, None)], paths(run_id, "tree")
assert paths(run_id, "note.txt") == []
assert paths(run_id, "never") == []

fetched = Path(download_artifacts(run_id=run_id, artifact_path="", dst_path=str(folder / "fetched")))
for sent, got in {
    "note.txt": "note.txt",
    "n äme 日本.txt": "deep/er/n äme 日本.txt",
    "empty.bin": "empty.bin",
    "big.bin": "large/big.bin",
    "tree/b/d e": "tree/b/d e",
}.items():
    assert filecmp.cmp(folder / sent, fetched / got, shallow=False), got
assert mlflow.artifacts.load_dict(f"runs:/{run_id}/made/dict.json") == {"a": 1}
assert mlflow.artifacts.load_text(f"runs:/{run_id}/made/page.html") == "<h1>hi</h1>"

with mlflow.start_run(run_id=run_id):
    mlflow.log_artifact(str(file("note.txt", b"changed, and longer")))
assert mlflow.artifacts.load_text(f"runs:/{run_id}/note.txt") == "changed, and longer"

client = MlflowClient()
assert [found.path for found in client.list_artifacts(run_id, "tree/b")] == ["tree/b/c", "tree/b/d e"]
repository = get_artifact_repository(client.get_run(run_id).info.artifact_uri)
if "EXPECTS_PARTS" in os.environ:
    assert repository._should_multipart_upload(str(folder / "big.bin"))
    assert repository._is_multipart_download_enabled()
repository.delete_artifacts("tree/b")
assert [path for path, _, _ in paths(run_id, "tree")] == ["tree/a"]
repository.delete_artifacts()
assert paths(run_id) == []
refused = ""
try:
    download_artifacts(run_id=run_id, artifact_path="note.txt")
except (MlflowException, OSError) as error:
    refused = str(error)
assert "note.txt" in refused, "a deleted file was downloaded"
