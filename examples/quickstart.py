"""Parameters, metrics by step, and tags: a classifier trained epoch by epoch on scikit-learn's digits."""

import mlflow
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

EPOCHS = 15
PARAMS = {"alpha": 0.001, "eta0": 0.01, "learning_rate": "adaptive", "loss": "log_loss", "penalty": "l2"}


def main() -> None:
    mlflow.set_experiment("Digits, step by step")
    features, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(features / 16.0, labels, test_size=0.25, random_state=7)

    with mlflow.start_run(run_name="sgd", description="Logistic regression by stochastic gradient descent") as run:
        mlflow.log_params(PARAMS)
        mlflow.log_param("epochs", EPOCHS)
        mlflow.set_tags({"dataset": "digits", "team": "vision"})
        model = SGDClassifier(random_state=7, **PARAMS)
        for epoch in range(EPOCHS):
            model.partial_fit(train_x, train_y, classes=range(10))
            mlflow.log_metrics(
                {
                    "train_loss": log_loss(train_y, model.predict_proba(train_x)),
                    "test_loss": log_loss(test_y, model.predict_proba(test_x)),
                    "test_accuracy": accuracy_score(test_y, model.predict(test_x)),
                },
                step=epoch,
            )
        mlflow.set_tag("state", "trained")

    client = mlflow.MlflowClient()
    found = client.get_run(run.info.run_id)
    curve = client.get_metric_history(run.info.run_id, "test_loss")
    tags = {key: value for key, value in sorted(found.data.tags.items()) if not key.startswith("mlflow.")}
    print(f"{found.info.run_name}: {found.info.status}, {len(found.data.params)} parameters, tags {tags}")
    print(f"test loss fell from {curve[0].value:.3f} to {curve[-1].value:.3f} in {len(curve)} steps")
    print(f"test accuracy: {found.data.metrics['test_accuracy']:.3f}")


if __name__ == "__main__":
    main()
