"""A trained model as MLflow's own client would log it: MLmodel, the pickled estimator, and what it needs to run."""

import json
import pickle
import platform
from datetime import datetime
from importlib.metadata import version
from typing import Any

import yaml

from apps.demo.tables import Table
from apps.demo.training import Training

MLFLOW = "3.17.2"
"""The client in whose words it is written."""
NEEDS = ("numpy", "scikit-learn", "scipy")
EXAMPLE_ROWS = 2


def package(
    table: Table, done: Training, *, model_id: str, run_id: str, name: str, created: datetime, uuid: str
) -> dict[str, bytes]:
    """The files of the model, by path."""
    pickled = pickle.dumps(done.model)
    requirements = "\n".join([f"mlflow=={MLFLOW}", *(f"{need}=={version(need)}" for need in NEEDS)])
    files = {
        "model.pkl": pickled,
        "requirements.txt": requirements.encode(),
        "python_env.yaml": _python_env(),
        "conda.yaml": _conda(requirements),
    }
    mlmodel: dict[str, Any] = {
        "artifact_path": f"models:/{model_id}",
        "flavors": _flavors(),
        "is_signature_from_type_hint": False,
        "mlflow_version": MLFLOW,
        "model_id": model_id,
        "model_size_bytes": len(pickled),
        "model_uuid": uuid,
        "prompts": None,
        "run_id": run_id,
        "signature": _signature(table),
        "type_hint_from_example": False,
        "utc_time_created": f"{created:%Y-%m-%d %H:%M:%S.%f}",
        "metadata": {"name": name, "training_data": f"{table.name}#{table.digest}"},
    }
    if table.vectorizer is None:
        files |= _example(table)
        mlmodel["saved_input_example_info"] = {
            "artifact_path": "input_example.json",
            "pandas_orient": "split",
            "serving_input_path": "serving_input_example.json",
            "type": "dataframe",
        }
    return files | {"MLmodel": _yaml(mlmodel)}


def _flavors() -> dict[str, dict[str, Any]]:
    return {
        "python_function": {
            "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
            "loader_module": "mlflow.sklearn",
            "model_path": "model.pkl",
            "predict_fn": "predict",
            "python_version": platform.python_version(),
        },
        "sklearn": {
            "code": None,
            "pickled_model": "model.pkl",
            "serialization_format": "pickle",
            "sklearn_version": version("scikit-learn"),
            "skops_trusted_types": None,
        },
    }


def _signature(table: Table) -> dict[str, str | None]:
    """Columns of numbers, or one text after another; out comes the number of a class, or a number."""
    inputs: list[dict[str, Any]] = [{"type": "double", "name": name, "required": True} for name in table.features]
    if table.vectorizer is not None:
        inputs = [{"type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}}]
    given = "int64" if table.classes else "float64"
    outputs = [{"type": "tensor", "tensor-spec": {"dtype": given, "shape": [-1]}}]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs), "params": None}


def _example(table: Table) -> dict[str, bytes]:
    example = {"columns": list(table.features), "data": table.x_test[:EXAMPLE_ROWS].tolist()}
    return {
        "input_example.json": json.dumps(example).encode(),
        "serving_input_example.json": json.dumps({"dataframe_split": example}, indent=2).encode(),
    }


def _python_env() -> bytes:
    tools = ["pip", "setuptools", "wheel"]
    return _yaml(
        {"python": platform.python_version(), "build_dependencies": tools, "dependencies": ["-r requirements.txt"]}
    )


def _conda(requirements: str) -> bytes:
    dependencies = [f"python={platform.python_version()}", "pip", {"pip": requirements.splitlines()}]
    return _yaml({"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": dependencies})


def _yaml(content: dict[str, Any]) -> bytes:
    return yaml.safe_dump(content, sort_keys=True).encode()
