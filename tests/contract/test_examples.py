"""The examples, run by MLflow 3 and 2 against the genuine server and ours, leave and read back the same."""

import difflib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.contract.reading import Reader
from tests.live import PROJECT, LiveServer, clean_environment

PYTHONS = {"3.17": Path(sys.executable), "2.22": PROJECT / ".venv-mlflow2/bin/python"}
FOR_MLFLOW_3 = ("prompts.py",)
SCRIPTS = {
    version: [
        script
        for script in sorted((PROJECT / "examples").glob("*.py"))
        if version.startswith("3.") or script.name not in FOR_MLFLOW_3
    ]
    for version in PYTHONS
}
RUNNER = Path(__file__).with_name("run_scripts.py")
# One thread each: the data are small, and threads that wait for each other take most of the time.
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
TIME_LIMIT_S = 400
EXPERIMENT = re.compile(r"""(?:set_experiment\(|^EXPERIMENT = )"([^"]+)\"""", re.MULTILINE)
OF_THE_SERVER = re.compile(
    r"http://127\.0\.0\.1:\d+|/experiments/\d+|\b(?:m-)?[0-9a-f]{32}\b|'mlflow.source.git.commit': '\w+'"
)

Ran = dict[str, tuple[dict[str, Any], dict[str, Any]]]
"""For each script, what it printed and left on the genuine server, and on ours."""


@pytest.fixture(scope="module")
def by_3(genuine: LiveServer, server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return _run("3.17", (genuine, server), [tmp_path_factory.mktemp("examples") for _ in range(2)])


@pytest.fixture(scope="module")
def by_2(genuine: LiveServer, server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return _run("2.22", (genuine, server), [tmp_path_factory.mktemp("examples") for _ in range(2)])


@pytest.fixture
def ran(request: pytest.FixtureRequest, version: str) -> Ran:
    found: Ran = request.getfixturevalue(f"by_{version[0]}")
    return found


every_script = pytest.mark.parametrize(
    ("version", "name"),
    [
        # What a database answers to the calls of training scripts, the newer client shows on each.
        pytest.param(version, script.stem, marks=[pytest.mark.once] if version == "2.22" else [])
        for version, scripts in SCRIPTS.items()
        for script in scripts
    ],
)


@every_script
@pytest.mark.usefixtures("genuine", "server")
def test_a_training_script_leaves_what_it_leaves_on_the_genuine_server(name: str, ran: Ran) -> None:
    on_genuine, on_ours = ran[name]

    assert on_genuine["held"]["runs"]
    assert on_ours["held"] == on_genuine["held"], _diff(on_genuine["held"], on_ours["held"])


@every_script
@pytest.mark.usefixtures("genuine", "server")
def test_a_training_script_reads_back_what_it_reads_from_the_genuine_server(name: str, ran: Ran) -> None:
    on_genuine, on_ours = ran[name]

    assert on_genuine["printed"]
    assert on_ours["printed"] == on_genuine["printed"]


def _run(version: str, servers: Sequence[LiveServer], folders: Sequence[Path]) -> Ran:
    """Run every script on both servers. Its experiments are then renamed, so that the other version makes its own."""
    started = [_start(version, on, folder) for on, folder in zip(servers, folders, strict=True)]
    statuses = [process.wait(TIME_LIMIT_S) for process in started]
    assert statuses == [0, 0], "\n".join(_errors(folder) for folder in folders)
    try:
        return {
            script.stem: tuple(_read(on, folder, script) for on, folder in zip(servers, folders, strict=True))
            for script in SCRIPTS[version]
        }
    finally:
        for on in servers:
            for script in SCRIPTS[version]:
                Reader(on).rename(_experiment(script), f"{_experiment(script)}, by {version}")


def _start(version: str, server: LiveServer, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [PYTHONS[version], RUNNER, folder, *SCRIPTS[version]],
        cwd=folder,
        env=clean_environment() | server.client_environment | SETTINGS,
    )


def _read(server: LiveServer, folder: Path, script: Path) -> dict[str, Any]:
    printed = (folder / f"{script.stem}.out").read_text()
    return {
        "printed": OF_THE_SERVER.sub("…", printed).splitlines(),
        "held": Reader(server).experiment(_experiment(script)),
    }


def _experiment(script: Path) -> str:
    return EXPERIMENT.search(script.read_text())[1]


def _errors(folder: Path) -> str:
    return "\n".join(f"--- {said}\n{said.read_text()[-3000:]}" for said in sorted(folder.glob("*.err")))


def _diff(theirs: Any, mine: Any) -> str:
    texts = [json.dumps(held, indent=1, sort_keys=True).splitlines() for held in (theirs, mine)]
    return "\n".join(difflib.unified_diff(*texts, "genuine", "ours", lineterm="", n=3))
