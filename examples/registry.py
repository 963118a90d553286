"""Two models under one name: registered as they are logged, compared, and used by alias and stage, not by number."""

import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_wine
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAME = "wine-classifier"
CANDIDATES = {
    "most frequent": DummyClassifier(),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.5)),
}


def main() -> None:
    mlflow.set_experiment("Wine, registered")
    client = MlflowClient()
    features, target = load_wine(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, target, test_size=0.3, random_state=7)

    best = 0.0
    for run_name, model in CANDIDATES.items():
        with mlflow.start_run(run_name=run_name):
            accuracy = model.fit(train_x, train_y).score(test_x, test_y)
            mlflow.log_metric("accuracy", accuracy)
            signature = mlflow.models.infer_signature(test_x, test_y)
            mlflow.sklearn.log_model(model, "model", signature=signature, registered_model_name=NAME)
        version = max(client.search_model_versions(f"name = '{NAME}'"), key=lambda found: int(found.version)).version
        client.set_model_version_tag(NAME, version, "accuracy", f"{accuracy:.3f}")
        if accuracy > best:
            best = accuracy
            client.set_registered_model_alias(NAME, "champion", version)
        print(f"version {version}: {run_name}, accuracy {accuracy:.3f}")
    client.update_registered_model(NAME, description="Tells the cultivar of a wine by its chemistry.")

    champion = client.get_model_version_by_alias(NAME, "champion")
    client.transition_model_version_stage(NAME, champion.version, "Production", archive_existing_versions=True)
    in_production = client.get_latest_versions(NAME, stages=["Production"])
    print("in production:", [version.version for version in in_production], champion.tags)

    for uri in (f"models:/{NAME}@champion", f"models:/{NAME}/Production"):
        predicted = mlflow.pyfunc.load_model(uri).predict(test_x)
        print(f"{uri} is right {(predicted == test_y).mean():.1%} of the time")


if __name__ == "__main__":
    main()
