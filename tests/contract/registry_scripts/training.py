"""From a run to a model that is loaded by number, alias and stage; with the files as they were logged."""

from pathlib import Path

import mlflow
import mlflow.sklearn
import numpy as np
from mlflow import MlflowClient
from mlflow.models import infer_signature
from shown import shown, told
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

NAME = f"training with {mlflow.__version__}"
FEATURES, TARGET = load_iris(return_X_y=True)


def fitted(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=1000).fit(FEATURES, TARGET)


def predicts(uri: str, like: LogisticRegression) -> None:
    loaded = mlflow.pyfunc.load_model(uri)
    same = bool(np.array_equal(loaded.predict(FEATURES), like.predict(FEATURES)))
    strength = mlflow.sklearn.load_model(uri).C
    print(f"{uri}: predicts the same: {same}, C {strength}, signature {loaded.metadata.signature is not None}")


def main() -> None:
    mlflow.set_experiment(NAME)
    client, weak, strong = MlflowClient(), fitted(0.01), fitted(10.0)

    with mlflow.start_run(run_name="weak") as run:
        logged = mlflow.sklearn.log_model(weak, "model", signature=infer_signature(FEATURES, TARGET))
    told("register from the run", mlflow.register_model, f"runs:/{run.info.run_id}/model", NAME, tags={"from": "run"})
    told("register what was logged", mlflow.register_model, logged.model_uri, NAME)
    with mlflow.start_run(run_name="strong"):
        mlflow.sklearn.log_model(
            strong, "model", signature=infer_signature(FEATURES, TARGET), registered_model_name=NAME
        )
    told("registered while logging", client.get_model_version, NAME, "3")
    told("register what is not there", mlflow.register_model, f"runs:/{'0' * 32}/model", NAME)

    predicts(f"models:/{NAME}/1", weak)
    predicts(f"models:/{NAME}/2", weak)
    predicts(f"models:/{NAME}/latest", strong)
    client.set_registered_model_alias(NAME, "champion", "3")
    predicts(f"models:/{NAME}@champion", strong)
    client.transition_model_version_stage(NAME, "1", "Production")
    predicts(f"models:/{NAME}/Production", weak)
    client.copy_model_version(f"models:/{NAME}@champion", f"{NAME}, copied")
    predicts(f"models:/{NAME}, copied/1", strong)

    folder = mlflow.artifacts.download_artifacts(f"models:/{NAME}/3")
    print("files:", shown(sorted(path.name for path in Path(folder).iterdir())))
    told("load what is not there", mlflow.pyfunc.load_model, f"models:/{NAME}/9")
    told("load by no alias", mlflow.pyfunc.load_model, f"models:/{NAME}@never")
    told("load from an empty stage", mlflow.pyfunc.load_model, f"models:/{NAME}/Staging")


if __name__ == "__main__":
    main()
