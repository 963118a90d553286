"""The files that a run leaves beside its numbers: figures, tables, notes, a report, a notebook, a log."""

import csv
import io
import json
from datetime import timedelta
from html import escape
from typing import Any

from apps.demo import drawings
from apps.demo.schedule import Trial
from apps.demo.tables import Table
from apps.demo.training import Training

LOG_LINES = 60
_EVERY = {"figures": 3, "notes": 4, "page": 6, "notebook": 9}
"""Of how many runs one has such files (of figures: one has none)."""


def files_of(trial: Trial, table: Table, done: Training) -> dict[str, bytes]:
    """By path. Not every run has all of them: people differ, and so do afternoons."""
    number, files = trial.number, {}
    if done.failure or number % 2 == 0:
        files["logs/train.log"] = _log(trial, table, done)
    if not done.metrics:
        return files
    if number % _EVERY["figures"] != 1:
        draw = drawings.confusion_svg if table.classes else drawings.residuals_svg
        name = "confusion_matrix" if table.classes else "residuals"
        files[f"figures/{name}.svg"] = draw(table, done.predicted)
        files[f"figures/{name}.png"] = drawings.small_picture(table, done.predicted)
        files["feature_importances.csv"] = _csv(("feature", "importance"), list(done.importances.items())[:40])
        files["report.json"] = _report(trial, table, done)
    if number % _EVERY["notes"] == 0:
        files["notes.md"] = _notes(trial, table, done)
        files["held_out_predictions.csv"] = _predictions(table, done)
    if number % _EVERY["page"] == 0:
        files["report.html"] = _page(trial, done)
    if number % _EVERY["notebook"] == 0:
        files["exploration.ipynb"] = _notebook(trial, table, done)
    return files


def _csv(header: tuple[str, ...], rows: Any) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _predictions(table: Table, done: Training) -> bytes:
    if table.classes:
        pairs = [
            (table.classes[true], table.classes[said]) for true, said in zip(table.y_test, done.predicted, strict=True)
        ]
    else:
        pairs = [(f"{true:.3f}", f"{said:.3f}") for true, said in zip(table.y_test, done.predicted, strict=True)]
    return _csv(
        ("row", f"true_{table.target}", f"predicted_{table.target}"), [(row, *pair) for row, pair in enumerate(pairs)]
    )


def _report(trial: Trial, table: Table, done: Training) -> bytes:
    said = {
        "experiment": trial.of.name,
        "family": trial.family,
        "params": {key: str(value) for key, value in done.params.items()},
        "metrics": done.metrics,
        "data": {
            "name": table.name,
            "digest": table.digest,
            "train_rows": len(table.y_train),
            "test_rows": len(table.y_test),
        },
        "steps": len(done.curve),
    }
    if table.classes:
        said["confusion"] = {"classes": table.classes, "counts": drawings.confusion(table, done.predicted).tolist()}
    return json.dumps(said, indent=2).encode()


def _notes(trial: Trial, table: Table, done: Training) -> bytes:
    study = trial.of
    first, last = done.curve[0], done.curve[-1]
    learnt, held = (next(key for key in last if key.startswith(start)) for start in ("train_", "val_"))
    gap = last[held] - last[learnt]
    rows = "\n".join(f"| {key} | {value:.4f} |" for key, value in done.metrics.items())
    top = ", ".join(f"`{name}`" for name in list(done.importances)[:4])
    return (
        f"# {trial.family.capitalize()} on {table.name}\n\n"
        f"{len(table.y_train)} rows to learn from, {len(table.y_test)} held out; {len(done.curve)} steps.\n\n"
        f"| figure | held out |\n|---|---|\n{rows}\n\n"
        f"- `{held}` went from {first[held]:.4f} to {last[held]:.4f}; the gap to `{learnt}` is {gap:.4f}.\n"
        f"- What counts most: {top}.\n"
        f"- We compare runs of *{study.name}* by `{study.best}`.\n"
    ).encode()


def _page(trial: Trial, done: Training) -> bytes:
    rows = "".join(f"<tr><td>{escape(key)}</td><td>{value:.4f}</td></tr>" for key, value in done.metrics.items())
    params = "".join(
        f"<tr><td>{escape(key)}</td><td>{escape(str(value))}</td></tr>" for key, value in done.params.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(trial.of.name)}</title>"
        "<style>body{font:15px sans-serif;margin:2em}td{border-bottom:1px solid #ccc;padding:.3em 1em .3em 0}</style>"
        f"<h1>{escape(trial.of.name)}: {escape(trial.family)}</h1><h2>Held out</h2><table>{rows}</table>"
        f"<h2>Parameters</h2><table>{params}</table></html>\n"
    ).encode()


def _notebook(trial: Trial, table: Table, done: Training) -> bytes:
    """With the output that its last cell really gives: the figures of this training."""
    shown = "".join(f"{key:>12}: {value:.4f}\n" for key, value in done.metrics.items())
    source = f"params = {dict(done.params)!r}\nmodel = fit(train, {trial.family!r}, params)\nevaluate(model, held_out)"
    output = {"output_type": "stream", "name": "stdout", "text": shown.splitlines(keepends=True)}
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": [f"# {trial.of.name}\n", "\n", f"A look at `{table.name}`."],
        },
        _cell(1, f"train, held_out = load({table.name!r})\nlen(train), len(held_out)", _result(1, table)),
        _cell(2, source, output),
    ]
    meta = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def _cell(count: int, source: str, output: dict[str, Any]) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    return {
        "cell_type": "code", "id": f"cell-{count}", "execution_count": count, "metadata": {}, "source": lines,
        "outputs": [output],
    }  # fmt: skip


def _result(count: int, table: Table) -> dict[str, Any]:
    text = f"({len(table.y_train)}, {len(table.y_test)})"
    return {"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": {"text/plain": [text]}}


def _log(trial: Trial, table: Table, done: Training) -> bytes:
    """What the script said while it ran; every so many steps, and a traceback where it broke."""
    every = max(1, len(done.curve) // LOG_LINES)
    lines = [
        f"{_time(trial, 0)} INFO  {trial.of.script} at {trial.commit[:10]}",
        f"{_time(trial, 0)} INFO  {table.name}: {len(table.y_train)} rows, {len(table.features)} features",
        f"{_time(trial, 1)} INFO  {trial.family}: {', '.join(f'{key}={value}' for key, value in done.params.items())}",
    ]
    for step, row in enumerate(done.curve):
        if step % every == 0:
            figures = " ".join(f"{key}={value:.4f}" for key, value in row.items())
            lines.append(f"{_time(trial, step + 1)} INFO  step {step}: {figures}")
    if done.failure:
        lines += [f"{_time(trial, 1)} ERROR training failed", done.failure]
    elif trial.stop_after and not trial.is_running:
        lines.append(f"{_time(trial, len(done.curve))} WARNING  SIGTERM received, stopping")
    else:
        lines += [f"{_time(trial, len(done.curve))} INFO  {key}: {value:.4f}" for key, value in done.metrics.items()]
    return ("\n".join(lines) + "\n").encode()


def _time(trial: Trial, step: int) -> str:
    return f"{trial.start + timedelta(seconds=step * trial.of.seconds_a_step):%Y-%m-%d %H:%M:%S}"
