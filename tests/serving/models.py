"""Small models, logged by MLflow's own client and registered."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.models import infer_signature

from tests.live import LiveServer

CODE = Path(__file__).parent / "code"
REQUIREMENTS = ["mlflow-skinny", "numpy", "pandas"]
"""What it takes to load them, and no more: an image of these is built in a fraction of the time."""
EXAMPLE = pd.DataFrame({"x": [1.0, 2.0]})


def register(server: LiveServer, name: str, code: str, **logged: Any) -> int:
    """The number of a new version under `name`, of the model that a file of `code` makes."""
    logged.setdefault("pip_requirements", REQUIREMENTS)
    signature = infer_signature(EXAMPLE, ["1"] if code == "probing" else [2.0, 4.0])
    with talking_to(server), mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(CODE / f"{code}.py"),
            signature=signature,
            registered_model_name=name,
            **logged,
        )
    return int(info.registered_model_version)


def register_by_hand(server: LiveServer, name: str, folder: Path, requirements: list[str]) -> int:
    """The number of a new version whose requirements.txt no client would have written."""
    (folder / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n")
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements))
    with talking_to(server):
        client = MlflowClient()
        run = client.create_run("0")
        client.log_artifacts(run.info.run_id, str(folder), "model")
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        return int(client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id).version)


@contextmanager
def talking_to(server: LiveServer) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in server.client_environment.items():
            patch.setenv(variable, value)
        mlflow.set_tracking_uri(server.address)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(None)
