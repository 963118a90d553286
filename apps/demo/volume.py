"""Runs by the thousand and points by the million, to see how pages bear them. Small trainings, but real ones, too."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

import numpy as np
from django.db import transaction

from apps.demo.recording import Recorder, ms
from apps.demo.schedule import NIGHT, SERVICE_ACCOUNT, WEEKS
from apps.demo.tables import Array, Table
from apps.tracking.choices import RunStatus
from apps.tracking.entities import Metric, Param, Tag
from apps.tracking.queries.runs import run_to_write
from apps.tracking.services import run_data, runs

Say = Callable[[int, int, str], None]

STUDY = 2
"""The demand forecast, whose nightly job they are."""
AT_ONCE = 100
"""Runs in one transaction: other writers get their turn several times a second."""
POINTS_AT_ONCE = 1_000
SHOPS = 400
ROWS_OF_A_SHOP = 120
MEMORY = 0.99
"""How slowly the running mean of the online learner's loss forgets."""


def record_light_runs(recorder: Recorder, count: int, seed: int, now: datetime, say: Say) -> None:
    """The nightly refit of a ridge regression for every shop: params, tags and four figures, no files."""
    rng = random.Random(seed)  # noqa: S311  nothing here is secret
    refits = _refits(recorder.table, count, seed)
    done = 0
    while batch := list(islice(refits, AT_ONCE)):
        with transaction.atomic():
            for params, figures in batch:
                start = now - timedelta(days=rng.randrange(WEEKS * 7) + 1)
                start = start.replace(hour=NIGHT, minute=rng.randrange(60), second=rng.randrange(60))
                _record_light(recorder, params, figures, start)
        done += len(batch)
        say(done, count, "light runs")


def _record_light(recorder: Recorder, params: dict[str, str], figures: dict[str, float], start: datetime) -> None:
    user = recorder.staff.users[SERVICE_ACCOUNT]
    tags = [Tag(key="mlflow.user", value=SERVICE_ACCOUNT), Tag(key="mlflow.source.name", value="forecast/refit.py")]
    run = recorder.begin(f"refit shop {params['shop']}", SERVICE_ACCOUNT, start, tags)
    metrics = [Metric(key=key, value=value, timestamp=ms(start) + 900) for key, value in figures.items()]
    recorder.log(run, SERVICE_ACCOUNT, metrics, [Param(key=key, value=value) for key, value in params.items()])
    row = run_to_write(user, run.uuid)
    runs.update_run(run=row, status=RunStatus.FINISHED, end_time=ms(start) + 1_000, name="")


def _refits(table: Table, count: int, seed: int) -> Iterator[tuple[dict[str, str], dict[str, float]]]:
    """Each shop sees days of its own; the figures are those of its own model on the days held out."""
    rng = np.random.default_rng(seed)
    x_train, x_test = _standardised(table)
    for number in range(count):
        rows = rng.choice(len(x_train), ROWS_OF_A_SHOP, replace=False)
        alpha = float(10 ** rng.uniform(-2, 2))
        x, y = x_train[rows], table.y_train[rows]
        gram = x.T @ x + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x.T @ y)
        off, off_train = table.y_test - x_test @ weights, y - x @ weights
        figures = {
            "rmse": float(np.sqrt((off**2).mean())),
            "mae": float(np.abs(off).mean()),
            "r2": float(1 - (off**2).sum() / ((table.y_test - table.y_test.mean()) ** 2).sum()),
            "train_rmse": float(np.sqrt((off_train**2).mean())),
        }
        yield {"family": "ridge", "shop": f"{number % SHOPS:03d}", "alpha": f"{alpha:.4g}"}, figures


def record_long_run(recorder: Recorder, points: int, now: datetime, say: Say) -> None:
    """An online learner that has looked at one day after the other: two points a step, `points` in all."""
    start, pace = now - timedelta(days=2), 150
    tags = [Tag(key="mlflow.user", value=SERVICE_ACCOUNT), Tag(key="mlflow.source.name", value="forecast/online.py")]
    run = recorder.begin("online learner", SERVICE_ACCOUNT, start, tags)
    recorder.log(
        run,
        SERVICE_ACCOUNT,
        [],
        [Param(key="family", value="least mean squares"), Param(key="points", value=str(points))],
    )
    user = recorder.staff.users[SERVICE_ACCOUNT]
    row = run_to_write(user, run.uuid)
    learnt = _online(recorder.table, points, ms(start), pace)
    done = 0
    while batch := list(islice(learnt, POINTS_AT_ONCE)):
        run_data.check_batch_of(metrics=batch, params=[], tags=[])
        run_data.log_batch(run=row, metrics=batch, params=[], tags=[], user=user)
        done += len(batch)
        say(done, points, "points of the long run")
    end = ms(start) + points // 2 * pace
    runs.update_run(run=row, status=RunStatus.FINISHED, end_time=min(end, ms(now)), name="")


def _online(table: Table, points: int, start: int, pace: int) -> Iterator[Metric]:
    """Normalised least mean squares: a step for every row, again and again, in an order by chance."""
    rng = np.random.default_rng(1)
    x_train, _ = _standardised(table)
    weights, smooth = np.zeros(x_train.shape[1]), 0.0
    for step in range(points // 2):
        row = int(rng.integers(len(x_train)))
        x = x_train[row]
        off = float(table.y_train[row] - x @ weights)
        weights += 0.02 * off * x / float(x @ x)
        smooth = off * off if step == 0 else MEMORY * smooth + (1 - MEMORY) * off * off
        at = start + step * pace
        yield Metric(key="loss", value=smooth, timestamp=at, step=step)
        yield Metric(key="weight_norm", value=float(np.sqrt(weights @ weights)), timestamp=at, step=step)


def _standardised(table: Table) -> tuple[Array, Array]:
    """Both parts on the scale of the first, with a column of ones."""
    mean, spread = table.x_train.mean(axis=0), table.x_train.std(axis=0) + 1e-9
    return tuple(  # type: ignore[return-value]  # two of them
        np.column_stack([np.ones(len(part)), (part - mean) / spread]) for part in (table.x_train, table.x_test)
    )
