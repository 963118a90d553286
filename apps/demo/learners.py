"""The kinds of model that the demo trains, step by step, so that each leaves a learning curve."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

from apps.demo.tables import Array, Table

Step = tuple[Array, Array]
"""What the model, as far as it has come, says of the rows that it learns from, and of those held out."""
Params = Mapping[str, Any]

ESTIMATORS: dict[str, tuple[Any, Any]] = {
    "gradient boosting": (GradientBoostingClassifier, GradientBoostingRegressor),
    "random forest": (RandomForestClassifier, RandomForestRegressor),
    "linear": (SGDClassifier, SGDRegressor),
    "neural network": (MLPClassifier, MLPRegressor),
}
"""By family, what tells classes apart, and what predicts a number."""
SPACES: dict[str, dict[str, list[Any]]] = {
    "gradient boosting": {
        "learning_rate": [0.03, 0.06, 0.1, 0.15, 0.25], "max_depth": [2, 3, 4], "subsample": [0.6, 0.8, 1.0],
        "n_estimators": [40, 60, 90], "min_samples_leaf": [1, 5, 20],
    },
    "random forest": {
        "max_depth": [4, 6, 9, 14], "min_samples_leaf": [1, 3, 8], "max_features": ["sqrt", 0.5, 0.8],
        "n_estimators": [40, 60, 80],
    },
    "linear": {
        "alpha": [1e-5, 1e-4, 1e-3, 1e-2], "penalty": ["l2", "l1", "elasticnet"], "eta0": [0.001, 0.003, 0.01],
        "learning_rate": ["adaptive", "invscaling"], "epochs": [40, 80, 120, 200],
    },
    "neural network": {
        "hidden_layer_sizes": [(16,), (32,), (64,), (32, 16)], "learning_rate_init": [0.001, 0.003, 0.01],
        "alpha": [1e-5, 1e-4, 1e-2], "batch_size": [64, 128], "epochs": [20, 30, 45],
    },
}  # fmt: skip
"""What a sweep tries."""
MISTAKES: dict[str, dict[str, Any]] = {
    "gradient boosting": {"learning_rate": -0.1},
    "random forest": {"max_depth": 0},
    "linear": {"eta0": -0.01},
    "neural network": {"learning_rate_init": 0.0},
}
"""Settings that end a training with scikit-learn's own error: runs that failed really did."""


def is_scaled(table: Table, family: str) -> bool:
    """Whether the features must be brought to one size: trees do not care, and words are of one size already."""
    return family in ("linear", "neural network") and table.vectorizer is None


def make_estimator(table: Table, family: str, params: Params, seed: int) -> Any:
    made = ESTIMATORS[family][0 if table.classes else 1]
    settings = {key: value for key, value in params.items() if key != "epochs"}
    if family == "linear" and table.classes:
        settings["loss"] = "log_loss"
    return made(random_state=seed, **settings)


def learn(table: Table, family: str, estimator: Any, params: Params) -> Iterator[Step]:
    """Fit the estimator; after each step, what it says by then."""
    if family == "gradient boosting":
        return _boost(table, estimator)
    return _grow(table, estimator) if family == "random forest" else _epochs(table, estimator, params)


def _boost(table: Table, estimator: Any) -> Iterator[Step]:
    estimator.fit(table.x_train, table.y_train)
    staged = estimator.staged_predict_proba if table.classes else estimator.staged_predict
    return zip(staged(table.x_train), staged(table.x_test), strict=True)


def _grow(table: Table, estimator: Any) -> Iterator[Step]:
    """A step a tree: the forest says the mean of what its trees say, so it need not be fitted again for each."""
    estimator.fit(table.x_train, table.y_train)
    on_train, on_test = 0.0, 0.0
    for trees, tree in enumerate(estimator.estimators_, start=1):
        said = _said(table, tree)
        on_train, on_test = on_train + said[0], on_test + said[1]
        yield on_train / trees, on_test / trees


def _epochs(table: Table, estimator: Any, params: Params) -> Iterator[Step]:
    known = {"classes": np.arange(len(table.classes))} if table.classes else {}
    for epoch in range(params["epochs"]):
        estimator.partial_fit(table.x_train, table.y_train, **({} if epoch else known))
        yield _said(table, estimator)


def _said(table: Table, estimator: Any) -> Step:
    say = estimator.predict_proba if table.classes else estimator.predict
    return say(table.x_train), say(table.x_test)


def importances(table: Table, estimator: Any) -> dict[str, float]:
    """How much each feature counts, the most first: by impurity of trees, by size of weights elsewhere."""
    if hasattr(estimator, "feature_importances_"):
        found = estimator.feature_importances_
    elif hasattr(estimator, "coef_"):
        found = np.abs(np.atleast_2d(estimator.coef_)).mean(axis=0)
    else:
        found = np.abs(estimator.coefs_[0]).mean(axis=1)
    ranked = sorted(zip(table.features, found, strict=True), key=lambda pair: -pair[1])
    return {str(name): float(value) for name, value in ranked}
