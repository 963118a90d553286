"""What is found out about a sealed version: MLmodel, requirements, card, SBOM and scan; nothing of it ever runs."""

from pathlib import Path

import pytest

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.jobs.models import Job
from apps.registry import events
from apps.registry.choices import Verdict
from apps.registry.content.scanning import SCANNER
from apps.registry.models import CardRevision, Delivery, ModelVersion, Sbom, Scan
from apps.registry.services import inspection, versions, webhooks
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.models import Experiment, Run
from tests.registry.content.making import evil
from tests.registry.pinning.making import BY, folder, put, registered, sealed
from tests.tracking.making import make_run

MLMODEL = b"""
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {pickled_model: model.pkl, sklearn_version: 1.5.0, serialization_format: pickle}
signature: {inputs: '[{"type": "double", "name": "age", "required": true}]'}
"""
CLEAN = b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94K\x01s."
REQUIREMENTS = b"scikit-learn==1.5.0\nnumpy\n-r more.txt\n"


@pytest.fixture
def run(experiment: Experiment, ada: User, store: LocalStore) -> Run:
    return make_run(experiment, ada, name="of a forest")


def version_with(user: User, run: Run, **files: bytes) -> ModelVersion:
    """A sealed version of these files, beside an MLmodel and its requirements."""
    everything = {"MLmodel": MLMODEL, "requirements.txt": REQUIREMENTS, "model.pkl": CLEAN} | files
    for path, content in everything.items():
        put(user, run, f"model/{path}", content)
    version = registered(f"{run.artifact_uri}/model")
    ModelVersion.objects.filter(pk=version.pk).update(run_id=run.uuid)
    return sealed(version)


def inspected(version: ModelVersion, *, anew: bool = False) -> Scan:
    found = inspection.inspect(version_pk=version.pk, anew=anew)
    assert found is not None
    return found


def test_sealing_asks_for_an_inspection(ada: User, run: Run) -> None:
    version = version_with(ada, run)
    job = Job.objects.get(kind=inspection.INSPECT_JOB)
    assert job.payload == {"version": version.pk, "anew": False}


def test_everything_that_a_version_says_of_itself_is_kept(ada: User, run: Run) -> None:
    version = version_with(ada, run)
    scan = inspected(version)
    version.content.refresh_from_db()
    assert set(version.content.mlmodel["flavors"]) == {"python_function", "sklearn"}
    assert version.content.requirements == REQUIREMENTS.decode()
    assert (scan.verdict, scan.digest, scan.scanner, scan.files_count) == (
        Verdict.CLEAN,
        version.content.digest,
        SCANNER,
        3,
    )
    card = CardRevision.objects.get()
    assert (card.number, card.prefilled) == (1, True)
    assert "of a forest" in str(card.sections)
    sbom = Sbom.objects.get()
    assert sbom.document["metadata"]["component"]["hashes"][0]["content"] == version.content.digest
    assert {component["name"] for component in sbom.document["components"]} == {"scikit-learn", "numpy"}
    assert sbom.unpinned[0] == "numpy"
    assert sbom.unpinned[1].startswith("-r more.txt: ")


def test_a_canary_in_a_pickle_is_found_and_never_runs(ada: User, run: Run, tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    scan = inspected(version_with(ada, run, **{"model.pkl": evil(canary)}))
    assert scan.verdict == Verdict.SUSPICIOUS
    assert [(found["path"], found["kind"]) for found in scan.findings] == [("model.pkl", "dangerous import")]
    assert not canary.exists()
    assert Entry.objects.filter(action="registry.content.scanned").get().details["verdict"] == "suspicious"


def test_inspecting_twice_changes_nothing_unless_asked_to_scan_anew(ada: User, run: Run) -> None:
    version = version_with(ada, run)
    first = inspected(version)
    assert inspected(version) == first
    assert CardRevision.objects.count() == 1
    second = inspected(version, anew=True)
    assert (second.pk, second.verdict) != (first.pk, None)
    assert Scan.objects.count() == 2


def test_an_mlmodel_that_cannot_be_read_is_said_so_and_the_files_are_scanned(ada: User, run: Run) -> None:
    version = version_with(ada, run, MLmodel=b"a: &a [*a, *a]")
    scan = inspected(version)
    version.content.refresh_from_db()
    assert "unreadable" in version.content.mlmodel
    assert scan.files_count == 3


def test_files_that_changed_meanwhile_are_not_called_clean(ada: User, run: Run, store: LocalStore) -> None:
    version = version_with(ada, run)
    (folder(store, version) / "model.pkl").write_bytes(CLEAN.replace(b"a", b"b"))
    scan = inspected(version)
    assert scan.verdict == Verdict.FAILED
    assert scan.findings[-1]["kind"] == "drifted"
    version.content.refresh_from_db()
    assert version.content.differences == [{"path": "model.pkl", "how": "changed"}]


def test_a_version_that_is_gone_is_not_inspected(ada: User, run: Run) -> None:
    version = version_with(ada, run)
    versions.delete_version(version=version, by=BY)
    assert inspection.inspect(version_pk=version.pk) is None
    assert not Scan.objects.exists()


def test_webhooks_are_told_of_a_scan(ada: User, root: User, run: Run) -> None:
    told = [events.MODEL_VERSION_SCAN_CREATED]
    webhooks.create(name="hook", url="https://8.8.8.8/", events=told, by=root.actor())
    inspected(version_with(ada, run))
    body = Delivery.objects.get().body
    assert '"verdict":"clean"' in body.replace(" ", "")
