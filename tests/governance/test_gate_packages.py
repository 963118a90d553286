"""Gates that teams bring: the documented example, really installed, and packages that are broken."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from apps.accounts.models import User
from apps.governance import gates
from apps.governance.checks import check_gates_of_packages
from apps.governance.choices import State
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import cards
from apps.tracking.models import Run
from mlregistry import startup
from mlregistry.checks import TAG
from mlregistry.errors import InvalidParameter
from tests.governance.making import approve, ask, make_policy
from tests.live import PROJECT
from tests.registry.conftest import experiment, run  # noqa: F401  fixtures
from tests.registry.making import make_version, set_content
from tests.tracking.making import log, point

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip has installed the example into, from its own files alone."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", folder, PROJECT / "examples/gate_plugin"],
        check=True,
        capture_output=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    return folder


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts a folder of packages beside the server, as its start finds them."""

    def put(folder: Path) -> None:
        monkeypatch.syspath_prepend(folder)
        invalidate_caches()
        gates.brought.cache_clear()

    yield put
    monkeypatch.undo()
    sys.modules.pop("acme_gates", None)
    gates.brought.cache_clear()


def package(folder: Path, name: str, entry: str, code: str = "") -> None:
    (folder / f"{name}.py").write_text(code)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mlregistry.gates]\n{entry}\n")


GOOD = """
from apps.governance.gates import Gate, Verdict
class Mine(Gate):
    name, title = "mine", "Mine"
    def look(self, judged, terms):
        return Verdict(True, "fine")
"""


def test_the_example_judges_versions(  # noqa: PLR0917  people, and what they work with
    installed: Path, beside: Any, ada: User, bob: User, rita: User, root: User, model: RegisteredModel,
    run: Run, risk: Any,  # noqa: F811  the fixture above
) -> None:  # fmt: skip
    beside(installed)
    make_policy(root, slots={"Risk": 1}, gates=[{"fairness": {"prefix": "accuracy_", "at_most": 0.05}}])
    version = make_version(ada, model, run_id=run.uuid)
    set_content(version, state="unreadable")
    cards.prefill_card(version=version)
    log(ada, run, metrics=[point("accuracy_young", 0.93), point("accuracy_old", 0.81)])
    request = approve(ask(ada, version), rita)
    assert request.state == State.APPROVED
    said = request.gate_runs.latest("pk").sentence
    assert said == "accuracy_young is 0.93 and accuracy_old is 0.81: 0.12 apart, 0.05 allowed."
    with pytest.raises(InvalidParameter, match=r"Gate fairness: .*missing required field `at_most`"):
        make_policy(root, "other", gates=[{"fairness": {"prefix": "accuracy_"}}])


@pytest.mark.parametrize(
    ("entry", "code", "why"),
    [
        ("mine = broken:Mine", "import nowhere", "of broken cannot be loaded: ModuleNotFoundError"),
        ("mine = broken:Mine", "raise SystemExit(3)", "of broken cannot be loaded: SystemExit: 3"),
        ("mine = broken:Mine", "Mine = dict", "of broken cannot be loaded: TypeError: broken:Mine is no"),
        ("mine = broken:Mine", GOOD.replace('"mine"', '"yours"'), "has to have the same name"),
        ("mine = broken:Mine", GOOD + "    Terms = dict", "Terms of broken:Mine is no msgspec.Struct"),
        ("scan_clean = broken:Mine", GOOD, "is not used: the server has one of that name"),
    ],
)
def test_a_broken_package_is_named_at_the_start_and_takes_nothing_else_down(
    entry: str, code: str, why: str, tmp_path: Path, beside: Any
) -> None:
    package(tmp_path, "broken", entry, code)
    try:
        beside(tmp_path)
        said: list[str] = []
        startup.require_good_settings(said.append)
        assert [why in line for line in said] == [True]
        assert said[0].endswith("Change requests that need this gate cannot be applied.")
        assert "governance.W001" in [message.id for message in run_checks(tags=[TAG])]
        assert gates.gate_named("scan_clean").title == "Scan clean"
        if entry.startswith("mine"):
            with pytest.raises(InvalidParameter, match="Gate mine of broken cannot be loaded"):
                gates.gate_named("mine")
    finally:
        sys.modules.pop("broken", None)


def test_what_two_packages_bring_is_neithers(tmp_path: Path, beside: Any) -> None:
    package(tmp_path, "first", "mine = first:Mine", GOOD)
    package(tmp_path, "second", "mine = second:Mine", GOOD)
    beside(tmp_path)
    with pytest.raises(InvalidParameter, match="more than one package brings it"):
        gates.gate_named("mine")


def test_a_request_that_needs_a_broken_gate_blocks(  # noqa: PLR0917  people, and what they work with
    tmp_path: Path, beside: Any, version: ModelVersion, ada: User, rita: User, root: User, risk: Any
) -> None:  # fmt: skip
    package(tmp_path, "works", "mine = works:Mine", GOOD)
    beside(tmp_path)
    make_policy(root, slots={"Risk": 1}, gates=["mine"])
    request = ask(ada, version)
    (tmp_path / "works.py").write_text("import nowhere")
    sys.modules.pop("works")
    invalidate_caches()
    gates.brought.cache_clear()
    assert approve(request, rita).state == State.APPROVED
    assert "Gate mine of works cannot be loaded: ModuleNotFoundError" in request.gate_runs.latest("pk").sentence


def test_without_packages_there_is_nothing_to_say() -> None:
    assert check_gates_of_packages(app_configs=None) == []
