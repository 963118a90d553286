"""A model with its signature and an input example: logged, loaded back as a Python function, and asked to predict."""

import mlflow
import numpy as np
from mlflow.models import infer_signature
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    mlflow.set_experiment("Diabetes, as a model")
    features, target = load_diabetes(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, target, test_size=0.25, random_state=7)

    with mlflow.start_run(run_name="ridge") as run:
        model = make_pipeline(StandardScaler(), Ridge(alpha=10.0)).fit(train_x, train_y)
        predicted = model.predict(test_x)
        mlflow.log_param("alpha", 10.0)
        mlflow.log_metric("r2", r2_score(test_y, predicted))
        mlflow.log_metric("mean_absolute_error", mean_absolute_error(test_y, predicted))
        logged = mlflow.sklearn.log_model(
            model, "model", signature=infer_signature(test_x, predicted), input_example=test_x.head(3)
        )

    loaded = mlflow.pyfunc.load_model(logged.model_uri)
    same = np.allclose(loaded.predict(test_x), predicted)
    print("inputs:", ", ".join(column.name for column in loaded.metadata.signature.inputs))
    print("the model that came back predicts the same:", same)
    by_run = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    print("loaded by its run, too:", type(by_run).__name__)


if __name__ == "__main__":
    main()
