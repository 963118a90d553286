"""MLflow's command line, of both versions, against our server."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.reading import Reader
from tests.live import PROJECT, LiveServer, clean_environment

PYTHONS = {"3.17": Path(sys.executable), "2.22": PROJECT / ".venv-mlflow2/bin/python"}
RUNNER = Path(__file__).with_name("run_commands.py")
Mlflow = Callable[..., str]


@pytest.fixture(scope="module", params=["3.17", pytest.param("2.22", marks=pytest.mark.once)])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def mlflow(version: str, server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mlflow]:
    """Runs `mlflow …` signed in to our server, and gives what it printed."""
    folder = tmp_path_factory.mktemp("cli")
    out, err = folder / "out", folder / "err"
    runner = subprocess.Popen(
        [PYTHONS[version], RUNNER],
        cwd=folder,
        env=clean_environment() | server.client_environment | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(*arguments: str | Path) -> str:
        command = {"arguments": [str(argument) for argument in arguments], "out": str(out), "err": str(err)}
        runner.stdin.write(json.dumps(command) + "\n")
        runner.stdin.flush()
        assert runner.stdout.readline() == "0\n", err.read_text()[-3000:]
        return out.read_text()

    with runner:
        yield run
        runner.stdin.close()


@pytest.fixture(scope="module")
def reader(server: LiveServer) -> Reader:
    return Reader(server)


def _experiment(reader: Reader, name: str) -> str:
    return str(reader.post("experiments/create", name=name)["experiment_id"])


def _run(reader: Reader, experiment_id: str) -> str:
    made = reader.post("runs/create", experiment_id=experiment_id, run_name="cli run", start_time=1000)
    run_id = made["run"]["info"]["run_id"]
    reader.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=[{"key": "accuracy", "value": 0.5, "timestamp": 1, "step": 0}],
        params=[{"key": "depth", "value": "3"}],
    )
    return str(run_id)


def test_experiments_are_made_found_renamed_deleted_and_restored(mlflow: Mlflow, version: str, reader: Reader) -> None:
    name = f"by the command line of {version}"
    made = mlflow("experiments", "create", "--experiment-name", name)
    experiment_id = re.search(r"with id (\d+)", made)[1]

    assert name in mlflow("experiments", "search")

    mlflow("experiments", "rename", "--experiment-id", experiment_id, "--new-name", f"{name}, renamed")
    assert f"{name}, renamed" in mlflow("experiments", "search")

    mlflow("experiments", "delete", "--experiment-id", experiment_id)
    assert f"{name}, renamed" not in mlflow("experiments", "search")
    assert f"{name}, renamed" in mlflow("experiments", "search", "--view", "deleted_only")

    mlflow("experiments", "restore", "--experiment-id", experiment_id)
    assert reader.get("experiments/get", experiment_id=experiment_id)["experiment"]["lifecycle_stage"] == "active"


def test_an_experiment_is_exported_as_csv(mlflow: Mlflow, version: str, reader: Reader) -> None:
    experiment_id = _experiment(reader, f"as csv for {version}")
    run_id = _run(reader, experiment_id)

    rows = list(csv.DictReader(io.StringIO(mlflow("experiments", "csv", "--experiment-id", experiment_id))))

    assert [(row["run_id"], row["metrics.accuracy"], row["params.depth"]) for row in rows] == [(run_id, "0.5", "3")]


def test_runs_are_listed_described_deleted_and_restored(mlflow: Mlflow, version: str, reader: Reader) -> None:
    experiment_id = _experiment(reader, f"runs for {version}")
    run_id = _run(reader, experiment_id)

    assert run_id in mlflow("runs", "list", "--experiment-id", experiment_id)
    described = json.loads(mlflow("runs", "describe", "--run-id", run_id))
    assert described["info"]["run_name"] == "cli run"
    assert described["data"]["metrics"] == {"accuracy": 0.5}
    assert described["data"]["params"] == {"depth": "3"}

    mlflow("runs", "delete", "--run-id", run_id)
    assert run_id not in mlflow("runs", "list", "--experiment-id", experiment_id)
    assert run_id in mlflow("runs", "list", "--experiment-id", experiment_id, "--view", "deleted_only")

    mlflow("runs", "restore", "--run-id", run_id)
    assert run_id in mlflow("runs", "list", "--experiment-id", experiment_id)


def test_artifacts_go_up_are_listed_and_come_down(mlflow: Mlflow, version: str, reader: Reader, tmp_path: Path) -> None:
    run_id = _run(reader, _experiment(reader, f"artifacts for {version}"))
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b.bin").write_bytes(bytes(range(256)) * 1000)

    mlflow("artifacts", "log-artifact", "--local-file", folder / "a.txt", "--run-id", run_id)
    mlflow("artifacts", "log-artifacts", "--local-dir", folder, "--run-id", run_id, "--artifact-path", "all")
    listed = json.loads(mlflow("artifacts", "list", "--run-id", run_id, "--artifact-path", "all"))
    mlflow("artifacts", "download", "--run-id", run_id, "--dst-path", tmp_path / "down")

    assert [(file["path"], file["is_dir"]) for file in listed] == [("all/a.txt", False), ("all/deep", True)]
    down = {str(path.relative_to(tmp_path / "down")) for path in (tmp_path / "down").rglob("*") if path.is_file()}
    assert down == {"a.txt", "all/a.txt", "all/deep/b.bin"}
    assert (tmp_path / "down/all/deep/b.bin").read_bytes() == bytes(range(256)) * 1000
