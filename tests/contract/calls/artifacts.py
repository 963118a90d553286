"""artifacts/list, the mlflow-artifacts proxy, get-artifact, upload-artifact, and a logged model's files."""

from typing import Any

from tests.contract.steps import METHOD, NO_CALL, Step, delete, differs, experiment, get, model, post, run, send

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
ROOT = f"{PROXY}/$experiment/$run/artifacts"
UPLOAD = "/ajax-api/2.0/mlflow/upload-artifact"
FOLDER = differs(400, "INVALID_PARAMETER_VALUE", "the genuine server answers without an error code")
STRANGE = differs(400, "INVALID_PARAMETER_VALUE", "no backslash and no empty name: they mean folders to other systems")
EARLIER = differs(400, "INVALID_PARAMETER_VALUE", "we look at the request before we ask the store")
LISTED = get("artifacts/list", run_id="$run")


def put(path: str, content: bytes = b"text", **options: Any) -> Step:
    return send("PUT", path, content, kind="application/octet-stream", **options)


def files() -> list[Step]:
    """A run with files at two depths."""
    return [
        experiment(),
        run(),
        put(f"{ROOT}/a.txt", b"hello"),
        put(f"{ROOT}/folder/b.json", b'{"b": 1}'),
        put(f"{ROOT}/folder/deep/c.csv", b"1,2\n3,4\n"),
        put(f"{ROOT}/n%C3%A4me%20with%20spaces.txt", b"named"),
    ]


SCENARIOS: dict[str, list[Step]] = {
    "artifacts are uploaded and listed": [
        *files(),
        LISTED,
        get("artifacts/list", run_id="$run", path="folder"),
        get("artifacts/list", run_id="$run", path="folder/deep"),
        get("artifacts/list", run_id="$run", path="folder/"),
        get("artifacts/list", run_uuid="$run"),
        get("artifacts/list", runId="$run", path="folder"),
        get("artifacts/list", run_id="$run", path="a.txt"),
        get("artifacts/list", run_id="$run", path="never"),
        get("artifacts/list", run_id="$run", path=""),
        get(PROXY, path="$experiment/$run/artifacts"),
        get(PROXY, path="$experiment/$run/artifacts/folder"),
        get(PROXY, path="$experiment/$run/artifacts/never"),
        get(PROXY, path="$experiment/$run/artifacts/a.txt"),
        get(PROXY, path="$experiment/$run/artifacts/folder/"),
    ],
    "an empty artifact": [
        experiment(),
        run(),
        put(f"{ROOT}/empty.bin", b""),
        get(f"{ROOT}/empty.bin"),
        get("artifacts/list", run_id="$run"),
        get(PROXY, path="$experiment/$run/artifacts"),
    ],
    "artifacts are downloaded": [
        *files(),
        get(f"{ROOT}/a.txt", shows=("Content-Type", "Content-Disposition", "X-Content-Type-Options")),
        get(f"{ROOT}/folder/b.json", shows=("Content-Type", "Content-Disposition")),
        get(f"{ROOT}/folder/deep/c.csv", shows=("Content-Type",)),
        get(f"{ROOT}/n%C3%A4me%20with%20spaces.txt"),
        put(f"{ROOT}/a.txt", b"changed"),
        get(f"{ROOT}/a.txt"),
        get(f"{ROOT}/never.txt"),
        get(f"{ROOT}/folder", differs=FOLDER),
        get(f"{PROXY}/$experiment/nobody/artifacts/a.txt"),
    ],
    "artifacts are deleted": [
        *files(),
        delete(f"{ROOT}/a.txt"),
        LISTED,
        delete(f"{ROOT}/folder"),
        LISTED,
        get(f"{ROOT}/folder/b.json"),
        delete(f"{ROOT}/a.txt"),
        delete(f"{ROOT}/never"),
        delete(f"{ROOT}/n%C3%A4me%20with%20spaces.txt"),
        LISTED,
    ],
    "artifacts of a run that has none, or is not there": [
        experiment(),
        run(),
        LISTED,
        get("artifacts/list", says=True),
        get("artifacts/list", run_id="", says=True),
        get("artifacts/list", run_id="0" * 32, says=True),
        get("artifacts/list", run_id="no such run"),
        post("runs/delete", run_id="$run"),
        LISTED,
    ],
    "artifacts outside of their run are refused": [
        *files(),
        *(
            get("artifacts/list", run_id="$run", path=path)
            for path in ("..", "../..", "/etc", "folder/../..", "a%2f..%2f..", "file:///etc", "C:\\Windows")
        ),
        get("artifacts/list", run_id="$run", path="..\\..", differs=STRANGE),
        *(
            get(f"{ROOT}/{path}")
            for path in ("..%2f..%2fx", "%2e%2e/%2e%2e/x", "%252e%252e%252fx")
        ),
        get(f"{ROOT}/..%5cx", differs=STRANGE),
        get(f"{ROOT}/%2Fetc%2Fpasswd", differs=STRANGE),
        *(put(f"{ROOT}/{path}") for path in ("..%2fup", "%2e%2e/up", "%252e%252e%252fup")),
        *(delete(f"{ROOT}/{path}") for path in ("..%2fup", "%2e%2e/up", "%252e%252e%252fup")),
        *(get(PROXY, path=path) for path in ("..", "/etc", "$experiment/../..")),
        *(
            get("/get-artifact", run_id="$run", path=path)
            for path in ("../../a.txt", "/etc/passwd", "..%2fa.txt")
        ),
        get("/get-artifact", run_id="$run", path="a\\b", differs=STRANGE),
        LISTED,
        put(f"{ROOT}/..%5cup", differs=STRANGE),
    ],
    "an artifact for the browser": [
        *files(),
        get("/get-artifact", run_id="$run", path="a.txt", shows=("Content-Type", "Content-Disposition")),
        get("/get-artifact", run_uuid="$run", path="a.txt"),
        get("/get-artifact", run_id="$run", path="folder/b.json", shows=("Content-Type",)),
        get("/ajax-api/2.0/mlflow/get-artifact", run_id="$run", path="a.txt", differs=NO_CALL),
        get("/get-artifact", run_id="$run", path="never.txt"),
        get("/get-artifact", run_id="0" * 32, path="a.txt", says=True),
        get("/get-artifact", run_id="$run", differs=FOLDER),
        get("/get-artifact", path="a.txt"),
    ],
    "an artifact from the browser": [
        experiment(),
        run(),
        send("POST", f"{UPLOAD}?run_uuid=$run&path=notes/a.txt", b"from the browser", kind="text/plain"),
        LISTED,
        get("artifacts/list", run_id="$run", path="notes"),
        get(f"{ROOT}/notes/a.txt"),
        send("POST", f"{UPLOAD}?run_uuid=$run", b"text", kind="text/plain", says=True),
        send("POST", f"{UPLOAD}?path=a.txt", b"text", kind="text/plain", says=True),
        send("POST", UPLOAD, b"text", kind="text/plain", says=True),
        send("POST", f"{UPLOAD}?run_uuid=$run&path=../up.txt", b"text", kind="text/plain"),
        send("POST", f"{UPLOAD}?run_uuid=$run&path=a.txt", b"", kind="text/plain"),
        send("POST", f"{UPLOAD}?run_uuid={'0' * 32}&path=a.txt", b"text", kind="text/plain", says=True),
        send("POST", f"{UPLOAD}?run_uuid=$run&path=big", b"x" * (10 * 2**20 + 1), kind="text/plain", says=True),
        send("GET", f"{UPLOAD}?run_uuid=$run&path=a.txt", differs=METHOD),
        LISTED,
    ],
    "a logged model's files": [
        experiment(),
        run(),
        model(source_run_id="$run"),
        put(f"{PROXY}/$experiment/models/$model/artifacts/MLmodel", b"flavors: {}\n"),
        put(f"{PROXY}/$experiment/models/$model/artifacts/data/x.bin", b"123"),
        get("logged-models/$model/artifacts/directories"),
        get("logged-models/$model/artifacts/directories", artifact_directory_path="data"),
        get("logged-models/$model/artifacts/directories", artifactDirectoryPath="data"),
        get("logged-models/$model/artifacts/directories", artifact_directory_path="never"),
        get("logged-models/$model/artifacts/directories", artifact_directory_path="../.."),
        get("logged-models/$model/artifacts/directories", artifact_directory_path="/etc"),
        get("logged-models/$model/artifacts/directories", artifact_directory_path=""),
        get("/ajax-api/2.0/mlflow/logged-models/$model/artifacts/files", artifact_file_path="MLmodel"),
        get("/ajax-api/2.0/mlflow/logged-models/$model/artifacts/files", artifact_file_path="never"),
        get("/ajax-api/2.0/mlflow/logged-models/$model/artifacts/files", artifact_file_path="../x"),
        get("/ajax-api/2.0/mlflow/logged-models/$model/artifacts/files"),
        get("artifacts/list", run_id="$run", path="model"),
        get(f"{PROXY}/$experiment/models/$model/artifacts/MLmodel"),
    ],
    "multipart uploads where the store has none": [
        *files(),
        post("/api/2.0/mlflow-artifacts/mpu/create/$experiment/$run/artifacts/big", path="big", num_parts=2),
        post("/api/2.0/mlflow-artifacts/mpu/create/$experiment/$run/artifacts/big", path="big", says=True),
        post("/api/2.0/mlflow-artifacts/mpu/create/$experiment/$run/artifacts/big", num_parts=2, says=True),
        post("/api/2.0/mlflow-artifacts/mpu/create/$experiment/$run/artifacts", path="big", num_parts="many"),
        post("/api/2.0/mlflow-artifacts/mpu/create/$experiment/$run/artifacts", path="big", num_parts=0),
        post("/api/2.0/mlflow-artifacts/mpu/complete/$experiment/$run/artifacts", path="big", upload_id="u", parts=[]),
        post("/api/2.0/mlflow-artifacts/mpu/complete/$experiment/$run/artifacts", upload_id="u", parts=[], says=True),
        post("/api/2.0/mlflow-artifacts/mpu/complete/$experiment/$run/artifacts", path="x", parts="a", differs=EARLIER),
        post("/api/2.0/mlflow-artifacts/mpu/abort/$experiment/$run/artifacts", path="big", upload_id="u"),
        post("/api/2.0/mlflow-artifacts/mpu/abort/$experiment/$run/artifacts", path="big", says=True),
        post("/api/2.0/mlflow-artifacts/mpu/abort/$experiment/$run/artifacts", upload_id="u", says=True),
        send("POST", "/api/2.0/mlflow-artifacts/mpu/create/$experiment/$run/artifacts", b"{"),
    ],
    "presigned addresses where the store has none": [
        *files(),
        get("/api/2.0/mlflow-artifacts/presigned/$experiment/$run/artifacts/a.txt"),
        get("/api/2.0/mlflow-artifacts/presigned/$experiment/$run/artifacts/never.txt"),
        get("/api/2.0/mlflow-artifacts/presigned/..%2f..%2fetc"),
        post("artifacts/presigned-upload-url", run_id="$run", path="a.txt"),
        post("artifacts/presigned-upload-url", run_id="$run"),
        post("artifacts/presigned-upload-url", path="a.txt"),
        post("artifacts/presigned-upload-url", run_id="0" * 32, path="a.txt"),
        post("artifacts/presigned-upload-url", run_id="$run", path="../a.txt"),
        post("artifacts/presigned-upload-url", run_id="$run", path="a.txt", expiration="soon"),
        post("artifacts/presigned-download-url", run_id="$run", path="a.txt"),
        post("artifacts/presigned-download-url", run_id="$run"),
        post("artifacts/presigned-download-url", path="a.txt"),
        post("artifacts/presigned-download-url", run_id="0" * 32, path="a.txt"),
        post("artifacts/presigned-download-url", run_id="$run", path="../a.txt"),
        post("artifacts/presigned-download-url", run_id="$run", path="never.txt"),
    ],
}  # fmt: skip
