"""Which data a run saw: training and test sets with their digest, schema and profile, and runs found by them."""

import mlflow
import mlflow.data
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

SOURCE = "https://archive.ics.uci.edu/dataset/53/iris"


def main() -> None:
    mlflow.set_experiment("Iris, with its data")
    frame = load_iris(as_frame=True).frame
    train, test = train_test_split(frame, test_size=0.4, random_state=7)

    with mlflow.start_run(run_name="naive Bayes") as run:
        for name, part, context in (("iris-train", train, "training"), ("iris-test", test, "testing")):
            dataset = mlflow.data.from_pandas(part, source=SOURCE, name=name, targets="target")
            mlflow.log_input(dataset, context=context, tags={"split": "60/40"})
        model = GaussianNB().fit(train.drop(columns="target"), train["target"])
        mlflow.log_metric("accuracy", model.score(test.drop(columns="target"), test["target"]))

    for used in mlflow.get_run(run.info.run_id).inputs.dataset_inputs:
        tags = {tag.key: tag.value for tag in used.tags}
        print(f"{used.dataset.name} {used.dataset.digest}: {tags['mlflow.data.context']}, {used.dataset.profile}")
    found = mlflow.search_runs(filter_string="datasets.name = 'iris-train' AND datasets.context = 'training'")
    print("runs trained on iris-train:", list(found["tags.mlflow.runName"]))


if __name__ == "__main__":
    main()
