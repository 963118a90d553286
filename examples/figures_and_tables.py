"""Artifacts of every kind: figures, tables, dictionaries, text and whole folders, listed and read back."""

import tempfile
from pathlib import Path

import matplotlib as mpl
import mlflow
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import RocCurveDisplay, classification_report, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier, export_text

mpl.use("Agg")


def main() -> None:
    mlflow.set_experiment("Breast cancer, with pictures")
    data = load_breast_cancer(as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(data.data, data.target, test_size=0.3, random_state=7)
    model = DecisionTreeClassifier(max_depth=3, random_state=7).fit(train_x, train_y)
    predicted = model.predict(test_x)

    with mlflow.start_run(run_name="small tree") as run:
        mlflow.log_figure(RocCurveDisplay.from_estimator(model, test_x, test_y).figure_, "figures/roc.png")
        mlflow.log_dict(classification_report(test_y, predicted, output_dict=True), "report.json")
        mlflow.log_dict({"matrix": confusion_matrix(test_y, predicted).tolist()}, "confusion.yaml")
        mlflow.log_text(export_text(model, feature_names=list(data.feature_names)), "tree/rules.txt")
        rows = pd.DataFrame({"said": predicted[:20], "was": test_y.to_numpy()[:20]})
        mlflow.log_table(rows.iloc[:10], "answers.json")
        mlflow.log_table(rows.iloc[10:], "answers.json")  # a second call appends
        with tempfile.TemporaryDirectory() as folder:
            for name, column in test_x.iloc[:, :3].items():
                (Path(folder) / f"{name}.csv").write_text(column.head(5).to_csv())
            mlflow.log_artifacts(folder, "columns")

    print_files(run.info.run_id)
    print("rows in the table:", len(mlflow.load_table("answers.json", run_ids=[run.info.run_id])))
    print("accuracy in the report:", mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/report.json")["accuracy"])


def print_files(run_id: str, folder: str = "") -> None:
    for file in sorted(mlflow.MlflowClient().list_artifacts(run_id, folder), key=lambda file: file.path):
        if file.is_dir:
            print_files(run_id, file.path)
        else:
            print(f"{file.path} ({file.file_size} bytes)")


if __name__ == "__main__":
    main()
