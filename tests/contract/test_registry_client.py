"""The genuine client's registry, of both versions: the same scripts are told the same by both servers."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.live import PROJECT, LiveServer, clean_environment

PYTHONS = {"3.17": Path(sys.executable), "2.22": PROJECT / ".venv-mlflow2/bin/python"}
RUNNER = Path(__file__).with_name("run_scripts.py")
FOLDER = Path(__file__).with_name("registry_scripts")
SCRIPTS = {
    "3.17": ("client_calls", "training", "prompts"),
    "2.22": ("client_calls", "training", "old_prompts"),
}
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
TIME_LIMIT_S = 400
OF_THE_SERVER = re.compile(
    r"http://127\.0\.0\.1:\d+|/experiments/\d+|\b(?:m-)?[0-9a-f]{32}\b|mlflow-artifacts:/\d+"
    r"|(?<='_mlflow_experiment_ids', ')[\d,]+"
)
Printed = dict[str, list[str]]


@pytest.fixture(scope="module")
def by_3(genuine: LiveServer, server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Printed, Printed]:
    return _run("3.17", (genuine, server), [tmp_path_factory.mktemp("registry") for _ in range(2)])


@pytest.fixture(scope="module")
def by_2(genuine: LiveServer, server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Printed, Printed]:
    return _run("2.22", (genuine, server), [tmp_path_factory.mktemp("registry") for _ in range(2)])


@pytest.mark.parametrize(
    ("version", "script"),
    [
        # What a database answers to these calls, the newer client shows on each.
        pytest.param(version, script, marks=[pytest.mark.once] if version == "2.22" else [])
        for version, scripts in SCRIPTS.items()
        for script in scripts
    ],
)
@pytest.mark.usefixtures("genuine", "server")
def test_a_script_is_told_what_the_genuine_server_tells(
    request: pytest.FixtureRequest, version: str, script: str
) -> None:
    theirs, mine = request.getfixturevalue(f"by_{version[0]}")

    assert len(theirs[script]) > 10
    assert mine[script] == theirs[script]


def _run(version: str, servers: Sequence[LiveServer], folders: Sequence[Path]) -> tuple[Printed, Printed]:
    """What each script printed on the genuine server, and on ours."""
    started = [_start(version, on, folder) for on, folder in zip(servers, folders, strict=True)]
    statuses = [process.wait(TIME_LIMIT_S) for process in started]
    assert statuses == [0, 0], "\n".join(_errors(folder) for folder in folders)
    theirs, mine = (_read(version, folder) for folder in folders)
    return theirs, mine


def _start(version: str, server: LiveServer, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [PYTHONS[version], RUNNER, folder, *(FOLDER / f"{script}.py" for script in SCRIPTS[version])],
        cwd=folder,
        env=clean_environment() | server.client_environment | SETTINGS,
    )


def _read(version: str, folder: Path) -> Printed:
    return {
        script: OF_THE_SERVER.sub("…", (folder / f"{script}.out").read_text()).splitlines()
        for script in SCRIPTS[version]
    }


def _errors(folder: Path) -> str:
    return "\n".join(f"--- {said}\n{said.read_text()[-3000:]}" for said in sorted(folder.glob("*.err")))
