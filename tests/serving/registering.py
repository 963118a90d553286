"""Registers a model that is logged as code, by MLflow's own client. Prints the number of the version.

    python registering.py NAME CODE REQUIREMENT…

A script, since MLflow warns of itself where it is imported.
"""

import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import infer_signature

NAME, CODE, *REQUIREMENTS = sys.argv[1:]
EXAMPLE = pd.DataFrame({"x": [1.0, 2.0]})

with mlflow.start_run():
    info = mlflow.pyfunc.log_model(
        name="model",
        python_model=str(Path(__file__).parent / "code" / f"{CODE}.py"),
        signature=infer_signature(EXAMPLE, ["1"] if CODE == "probing" else [2.0, 4.0]),
        input_example=None if CODE in ("breaking", "probing") else EXAMPLE,
        registered_model_name=NAME,
        pip_requirements=REQUIREMENTS,
    )
print(info.registered_model_version)
