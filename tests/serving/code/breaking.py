"""A model that does what it can when it is loaded, and then cannot be loaded."""

import os
from pathlib import Path

import mlflow


class Breaking(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        if os.path.isdir("/opt/scorer"):
            print("CANARY", flush=True)
            Path("/tmp/mlregistry-canary").write_text("sung")
            raise RuntimeError("no such luck")

    def predict(self, context, model_input, params=None):
        return []


mlflow.models.set_model(Breaking())
