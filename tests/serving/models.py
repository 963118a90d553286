"""Small models, logged by MLflow's own client and registered."""

import subprocess
import sys
from pathlib import Path

from mlflow import MlflowClient

from tests.live import LiveServer, clean_environment

REGISTERING = Path(__file__).parent / "registering.py"
REQUIREMENTS = ("mlflow-skinny", "numpy", "pandas")
"""What it takes to load them, and no more: an image of these is built in a fraction of the time."""


def register(server: LiveServer, name: str, code: str) -> int:
    """The number of a new version under `name`, of the model that a file of `code` makes."""
    done = subprocess.run(
        [sys.executable, str(REGISTERING), name, code, *REQUIREMENTS],
        env=clean_environment() | server.client_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def register_by_hand(client: MlflowClient, name: str, folder: Path, requirements: list[str]) -> int:
    """The number of a new version whose requirements.txt no client would have written."""
    (folder / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n")
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements))
    run = client.create_run("0")
    client.log_artifacts(run.info.run_id, str(folder), "model")
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    return int(client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id).version)
