"""One training, really done: its curve, its figures on rows held out, and the model, or how it failed."""

import resource
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn import metrics as scores
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from apps.demo import learners
from apps.demo.tables import Array, Table
from apps.tracking.choices import RunStatus

SMALLEST = 1e-12


@dataclass
class Training:
    """What came of it. `curve` and `machine` have a row a step."""

    params: Mapping[str, Any]
    status: RunStatus = RunStatus.FINISHED
    curve: list[dict[str, float]] = field(default_factory=list)
    machine: list[dict[str, float]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    importances: dict[str, float] = field(default_factory=dict)
    predicted: Array = None
    """For the rows held out: classes, or numbers."""
    model: Any = None
    failure: str = ""


def train(table: Table, family: str, params: Mapping[str, Any], seed: int, *, stop_after: int = 0) -> Training:
    """Train to the end, or until somebody stops it `stop_after` steps."""
    with threadpool_limits(1):  # trainings run side by side; more threads for each would only get in each other's way
        return _train(table, family, params, seed, stop_after)


def _train(table: Table, family: str, params: Mapping[str, Any], seed: int, stop_after: int) -> Training:
    done = Training(params)
    seen, scaler = _scaled(table) if learners.is_scaled(table, family) else (table, None)
    estimator = learners.make_estimator(table, family, params, seed)
    watch = _Watch()
    try:
        said: Array = None
        for on_train, on_test in learners.learn(seen, family, estimator, params):
            said = on_test
            done.curve.append(_step(table, on_train, on_test))
            done.machine.append(watch.read())
            if stop_after and len(done.curve) >= stop_after:
                done.status = RunStatus.KILLED
                return done
    except ValueError:
        done.status, done.failure = RunStatus.FAILED, _without_folders(traceback.format_exc())
        return done
    done.predicted = said.argmax(axis=1) if table.classes else said
    done.metrics = _final(table, said, done.predicted)
    done.importances = learners.importances(table, estimator)
    steps = [step for step in (table.vectorizer, scaler, estimator) if step is not None]
    if table.vectorizer is None:  # as if fitted on a data frame, which is what clients predict for
        steps[0].feature_names_in_ = np.array(table.features, dtype=object)
    done.model = make_pipeline(*steps)
    return done


def _scaled(table: Table) -> tuple[Table, Any]:
    scaler = StandardScaler().fit(table.x_train)
    return replace(table, x_train=scaler.transform(table.x_train), x_test=scaler.transform(table.x_test)), scaler


def _step(table: Table, on_train: Array, on_test: Array) -> dict[str, float]:
    if table.classes:
        return {
            "train_loss": _log_loss(table.y_train, on_train),
            "val_loss": _log_loss(table.y_test, on_test),
            "val_accuracy": float((on_test.argmax(axis=1) == table.y_test).mean()),
        }
    return {"train_rmse": _rmse(table.y_train, on_train), "val_rmse": _rmse(table.y_test, on_test)}


def _log_loss(y: Array, said: Array) -> float:
    # By hand: scikit-learn's own checks its arguments for a millisecond, thousands of times.
    return float(-np.log(said[np.arange(len(y)), y].clip(SMALLEST)).mean())


def _rmse(y: Array, said: Array) -> float:
    return float(np.sqrt(np.mean((y - said) ** 2)))


def _final(table: Table, said: Array, predicted: Array) -> dict[str, float]:
    y = table.y_test
    if not table.classes:
        found = {
            "rmse": _rmse(y, said),
            "mae": scores.mean_absolute_error(y, said),
            "r2": scores.r2_score(y, said),
            "mape": scores.mean_absolute_percentage_error(y.clip(1), said),
        }
    elif len(table.classes) == 2:  # noqa: PLR2004  yes or no
        found = {
            "accuracy": scores.accuracy_score(y, predicted),
            "precision": scores.precision_score(y, predicted, zero_division=0),
            "recall": scores.recall_score(y, predicted, zero_division=0),
            "f1": scores.f1_score(y, predicted, zero_division=0),
            "roc_auc": scores.roc_auc_score(y, said[:, 1]),
            "log_loss": _log_loss(y, said),
        }
    else:
        found = {
            "accuracy": scores.accuracy_score(y, predicted),
            "f1_macro": scores.f1_score(y, predicted, average="macro", zero_division=0),
            "log_loss": _log_loss(y, said),
        }
    return {key: float(value) for key, value in found.items()}


def _without_folders(trace: str) -> str:
    """The traceback as the team's own script would have left it: only the file names of this machine's folders."""
    lines = []
    for line in trace.splitlines():
        before, quote, rest = line.partition('File "')
        path, closing, after = rest.partition('"')
        lines.append(f"{before}{quote}{path.rsplit('/', 1)[-1]}{closing}{after}" if quote else line)
    return "\n".join(lines)


class _Watch:
    """What the machine gave to the training between two looks, under MLflow's names for it."""

    def __init__(self) -> None:
        self._wall, self._busy = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        wall, busy = time.perf_counter(), time.process_time()
        share = (busy - self._busy) / max(wall - self._wall, SMALLEST)
        self._wall, self._busy = wall, busy
        return {
            "system/cpu_utilization_percentage": round(100 * share, 1),
            "system/system_memory_usage_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        }
