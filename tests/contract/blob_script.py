"""MLflow's own client logs a model, registers it by the given name and loads it. Run by a Python that has MLflow."""

import sys

import mlflow
import mlflow.sklearn
import numpy as np
from sklearn.linear_model import LinearRegression

NAME = sys.argv[1]
FEATURES = np.arange(6.0).reshape(3, 2)

model = LinearRegression().fit(FEATURES, [1, 2, 3])
mlflow.set_experiment(NAME)
with mlflow.start_run():
    # Named here, because finding out takes longer than all the rest.
    logged = mlflow.sklearn.log_model(
        model, name="model", pip_requirements=["scikit-learn"], registered_model_name=NAME
    )

for address in (logged.model_uri, f"models:/{NAME}/1"):
    loaded = mlflow.sklearn.load_model(address)
    assert np.array_equal(loaded.predict(FEATURES), model.predict(FEATURES)), address
