"""A small search: one parent run, a child for every combination, and the best of them found by the server."""

import itertools

import mlflow
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    experiment = mlflow.set_experiment("Wine, a small search")
    features, labels = load_wine(return_X_y=True)

    with mlflow.start_run(run_name="search") as parent:
        for neighbors, weights in itertools.product((1, 5, 15), ("uniform", "distance")):
            with mlflow.start_run(run_name=f"{neighbors} {weights}", nested=True):
                model = make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=neighbors, weights=weights))
                scores = cross_val_score(model, features, labels, cv=5)
                mlflow.log_params({"neighbors": neighbors, "weights": weights})
                for fold, score in enumerate(scores):
                    mlflow.log_metric("fold_accuracy", score, step=fold)
                mlflow.log_metric("accuracy", scores.mean())

        children = mlflow.search_runs(
            [experiment.experiment_id],
            filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
            order_by=["metrics.accuracy DESC", "attributes.run_name ASC"],
        )
        best = children.iloc[0]
        mlflow.log_param("best_neighbors", best["params.neighbors"])
        mlflow.log_metric("best_accuracy", best["metrics.accuracy"])

    print(children[["tags.mlflow.runName", "metrics.accuracy"]].to_string(index=False))


if __name__ == "__main__":
    main()
