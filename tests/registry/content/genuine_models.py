"""Models as the genuine MLflow saves them. It warns of its own libraries, which is nobody's concern here."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import mlflow
    import mlflow.pyfunc
    import mlflow.sklearn
    import numpy as np
    import pandas as pd
    from sklearn.cluster import KMeans
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    from sklearn.svm import SVC

REQUIREMENTS = ["scikit-learn"]
"""Named, since finding out what a model needs takes MLflow seconds."""
TRUSTED = [
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._ranking.roc_auc_score",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neighbors._kd_tree.KDTree",
]
DATA = pd.DataFrame({"length": np.linspace(1, 9, 60), "width": np.linspace(4, 1, 60), "kind": ["a", "b", "c"] * 20})
NUMBERS = DATA[["length", "width"]]
LABELS = np.array(["setosa", "virginica"] * 30)

MODELS: dict[str, Callable[[], Any]] = {
    "forest": lambda: RandomForestClassifier(5).fit(NUMBERS, LABELS),
    "logistic": lambda: LogisticRegression().fit(NUMBERS, LABELS),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=5).fit(NUMBERS, LABELS),
    "histogram": lambda: HistGradientBoostingClassifier(max_iter=3).fit(NUMBERS, LABELS),
    "means": lambda: KMeans(3).fit(NUMBERS),
    "svc": lambda: SVC().fit(NUMBERS, LABELS),
    "neighbours": lambda: KNeighborsClassifier(algorithm="kd_tree").fit(NUMBERS, LABELS),
    "columns": lambda: Pipeline(
        [
            ("columns", ColumnTransformer([("n", StandardScaler(), ["length"]), ("k", OneHotEncoder(), ["kind"])])),
            ("model", LogisticRegression()),
        ]
    ).fit(DATA, LABELS),
    "logarithms": lambda: Pipeline([("log", FunctionTransformer(np.log1p)), ("model", SVC())]).fit(NUMBERS, LABELS),
    "search": lambda: GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2, scoring="roc_auc").fit(NUMBERS, LABELS),
    "words": lambda: Pipeline([("words", TfidfVectorizer()), ("model", LogisticRegression())]).fit(
        ["good and long", "bad and short"] * 10, [1, 0] * 10
    ),
}


@contextmanager
def unheeded_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


with unheeded_warnings():

    class Doubling(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # MLflow ships no types
        def predict(self, model_input: list[str]) -> list[str]:
            return model_input * 2


def save_python_function(folder: Path, **options: Any) -> Path:
    """A function that is an instance of a class, or what the options say."""
    options = options or {"python_model": Doubling()}
    with unheeded_warnings():
        mlflow.pyfunc.save_model(str(folder), pip_requirements=REQUIREMENTS, **options)
    return folder


def save(name: str, folder: Path, serialization_format: str) -> Path:
    """One of `MODELS`, saved below `folder`."""
    path = folder / f"{name}-{serialization_format}"
    with unheeded_warnings():
        mlflow.sklearn.save_model(
            MODELS[name](),
            str(path),
            serialization_format=serialization_format,
            pip_requirements=REQUIREMENTS,
            skops_trusted_types=TRUSTED if serialization_format == "skops" else None,
        )
    return path
