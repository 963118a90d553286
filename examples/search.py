"""Finding things again: runs by metrics, parameters and tags, ordered and page by page; experiments by name and tag."""

import mlflow
from mlflow.entities import ViewType
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

EXPERIMENT = "Digits, to be searched"


def main() -> None:
    experiment = mlflow.set_experiment(EXPERIMENT)
    mlflow.set_experiment_tags({"team": "vision", "purpose": "search"})
    train()
    show("good ones", "metrics.accuracy > 0.9 AND params.fitted = 'well'", ["metrics.accuracy DESC"])
    show("by tag, with a pattern", "tags.size LIKE 'sm%' AND attributes.status = 'FINISHED'", ["params.C ASC"])
    show("by name", "attributes.run_name ILIKE 'c=0.0%' AND params.C != '0.01'", ["attributes.run_name ASC"])

    client = mlflow.MlflowClient()
    page = client.search_runs([experiment.experiment_id], order_by=["attributes.run_name"], max_results=3)
    while page:
        print("page:", [run.info.run_name for run in page])
        if not page.token:
            break
        page = client.search_runs(
            [experiment.experiment_id], order_by=["attributes.run_name"], max_results=3, page_token=page.token
        )

    doomed = client.search_runs([experiment.experiment_id], "params.C = '0.0001'")[0]
    client.delete_run(doomed.info.run_id)
    for view in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL):
        count = len(client.search_runs([experiment.experiment_id], run_view_type=view))
        print(f"{ViewType.to_string(view)}: {count}")
    found = mlflow.search_experiments(filter_string=f"name LIKE '{EXPERIMENT[:6]}%' AND tags.purpose = 'search'")
    print("experiments:", [match.name for match in found])


def train() -> None:
    features, labels = load_digits(return_X_y=True)
    for strength in (0.0001, 0.001, 0.01, 0.1, 1.0):
        with mlflow.start_run(run_name=f"C={strength}"):
            model = LogisticRegression(C=strength, max_iter=300)
            accuracy = cross_val_score(model, features / 16.0, labels, cv=3).mean()
            mlflow.log_param("C", strength)
            mlflow.log_param("fitted", "well" if accuracy > 0.9 else "badly")
            mlflow.log_metric("accuracy", accuracy)
            mlflow.set_tag("size", "small" if strength < 0.05 else "large")


def show(title: str, condition: str, order: list[str]) -> None:
    found = mlflow.search_runs(experiment_names=[EXPERIMENT], filter_string=condition, order_by=order)
    print(f"{title}: {list(found['tags.mlflow.runName']) if len(found) else []}")


if __name__ == "__main__":
    main()
