"""Legal holds keep what versions were made of, whether it could be read or not."""

from datetime import timedelta
from pathlib import Path

import pytest

from apps.accounts.models import User
from apps.governance.models import LegalHold
from apps.registry.models import ModelVersion
from apps.tracking.models import Run
from apps.tracking.services import gc
from mlregistry.actor import system
from tests.governance.doors import Caller
from tests.registry.making import make_registered, make_version
from tests.registry.pinning.making import put, read
from tests.tracking.making import make_experiment, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def unread(ada: User, artifacts: Path) -> tuple[ModelVersion, Run]:
    """A version of a run's folder in which there were no files when they were to be read."""
    run = make_run(make_experiment(ada, "first"), ada)
    put(ada, run, "notes.txt", b"how it was trained")
    made = make_version(ada, make_registered(ada, "evidence"), f"{run.artifact_uri}/model", run_id=run.uuid)
    read(made)
    return made, run


def collected() -> int:
    return gc.collect(older_than=timedelta(), by=system("gc"), report=lambda *_: None).runs


def hold(caller: Caller, pattern: str, version: str = "") -> LegalHold:
    status, made = caller.native("POST", "legal-holds", model=pattern, version=version, reason="the case of Smith")
    assert status == 201, made
    return LegalHold.objects.get(pk=made["id"])


@pytest.mark.parametrize(("pattern", "number"), [("evidence", "1"), ("evi*", "")])
def test_the_run_of_a_held_version_stays_though_its_files_could_not_be_read(
    pattern: str, number: str, unread: tuple[ModelVersion, Run], root: User, ada: User
) -> None:
    version, run = unread
    placed = hold(Caller(root), pattern, number)
    caller = Caller(ada)
    assert caller.call("POST", "runs/delete", run_id=run.uuid)[0] == 200
    assert collected() == 0
    path = run.artifact_uri.removeprefix("mlflow-artifacts:/")
    assert caller.call("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{path}/notes.txt")[0] == 403
    status, _ = Caller(root).native("POST", f"legal-holds/{placed.pk}/lift", reason="closed")
    assert status == 200
    assert collected() == 1
    assert ModelVersion.objects.get(pk=version.pk).run_id == run.uuid


def test_what_is_registered_under_a_hold_is_held_from_the_beginning(root: User, ada: User, artifacts: Path) -> None:
    hold(Caller(root), "evi*")
    run = make_run(make_experiment(ada, "first"), ada)
    elsewhere = make_version(ada, make_registered(ada, "evidence"), "s3://bucket/model", run_id=run.uuid)
    assert elsewhere.location == "s3://bucket/model"
    assert Caller(ada).call("POST", "runs/delete", run_id=run.uuid)[0] == 200
    assert collected() == 0


def test_one_of_two_holds_keeps_what_the_other_lets_go(unread: tuple[ModelVersion, Run], root: User, ada: User) -> None:
    _, run = unread
    caller = Caller(root)
    first, _ = hold(caller, "evidence"), hold(caller, "e*")
    caller.native("POST", f"legal-holds/{first.pk}/lift", reason="closed")
    assert Caller(ada).call("POST", "runs/delete", run_id=run.uuid)[0] == 200
    assert collected() == 0
