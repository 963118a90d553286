"""Autologging: parameters, metrics, the model and its data sets are logged by the call to `fit` itself."""

import mlflow
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split


def main() -> None:
    mlflow.set_experiment("Wine, logged by itself")
    mlflow.sklearn.autolog(log_input_examples=True)
    features, labels = load_wine(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, labels, test_size=0.3, random_state=7)

    with mlflow.start_run(run_name="random forest") as run:
        model = RandomForestClassifier(n_estimators=20, max_depth=4, random_state=7)
        model.fit(train_x, train_y)
        print(f"accuracy on data it has not seen: {model.score(test_x, test_y):.3f}")

    client = mlflow.MlflowClient()
    found = client.get_run(run.info.run_id)
    print("parameters:", ", ".join(sorted(found.data.params)))
    print("metrics:", ", ".join(sorted(found.data.metrics)))
    print("artifacts:", ", ".join(sorted(file.path for file in client.list_artifacts(run.info.run_id))))


if __name__ == "__main__":
    main()
