"""What `make` and CI rest on: pinned requirements that agree with each other, and set-up that costs nothing twice."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live import PROJECT

LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))
BASE = PROJECT / "requirements/base.txt"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)
IN_ONE_VENV = {"postgres", "s3", "redis", "azure", "gcs", "parquet", "test", "dev", "demo"}


def _pins(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(text):
        found.setdefault(name, set()).add(version)
    return found


def test_every_list_of_requirements_is_compiled() -> None:
    assert {lock.stem for lock in LOCKS} == {source.stem for source in (PROJECT / "requirements").glob("*.in")}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_requirement_is_pinned_with_hashes_and_names_no_index(lock: Path) -> None:
    text = lock.read_text()

    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    for requirement in re.split(r"\n(?=[a-z0-9])", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).strip()):
        assert PIN.match(requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


@pytest.mark.parametrize("name", sorted(IN_ONE_VENV))
def test_what_is_installed_beside_the_server_does_not_change_its_versions(name: str) -> None:
    base = _pins(BASE.read_text())
    beside = _pins((PROJECT / f"requirements/{name}.txt").read_text())

    assert {package: versions for package, versions in beside.items() if package in base} == {
        package: base[package] for package in beside if package in base
    }


def test_setting_up_twice_installs_once() -> None:
    make = shutil.which("make")
    subprocess.run([make, "setup"], cwd=PROJECT, check=True, capture_output=True)

    again = subprocess.run([make, "setup"], cwd=PROJECT, check=True, capture_output=True, text=True)

    assert "Installing" not in again.stdout


def test_every_example_is_in_the_examples_readme() -> None:
    readme = (PROJECT / "examples/README.md").read_text()

    assert set(re.findall(r"^\| `(\w+\.py)`", readme, re.MULTILINE)) == {
        script.name for script in (PROJECT / "examples").glob("*.py")
    }
