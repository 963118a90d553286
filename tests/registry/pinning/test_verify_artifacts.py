"""`manage.py verify_artifacts`: what it prints, and its exit code."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from apps.registry.models import Content, ModelVersion
from apps.tracking.artifacts.stores.local import LocalStore
from tests.live import PROJECT, clean_environment
from tests.registry.pinning.making import folder
from tests.registry.pinning.test_verification import change_as_nobody_notices

pytestmark = pytest.mark.django_db


def verify(*arguments: str) -> list[str]:
    said = StringIO()
    call_command("verify_artifacts", *arguments, stdout=said)
    return said.getvalue().splitlines()


def failing(*arguments: str) -> tuple[list[str], CommandError]:
    """What it says when something differs, and how it ends."""
    said = StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("verify_artifacts", *arguments, stdout=said)
    return said.getvalue().splitlines(), ended.value


def test_nothing_to_verify_is_no_failure(db: None) -> None:
    assert verify() == ["Versions verified: 0. As registered: 0."]


def test_versions_that_are_what_was_registered_are_counted(
    version: ModelVersion, other: Callable[[], ModelVersion]
) -> None:
    other()
    assert verify("--deep") == ["Versions verified: 2. As registered: 2."]


def test_a_version_that_differs_is_named_with_its_paths(
    version: ModelVersion, other: Callable[[], ModelVersion], store: LocalStore
) -> None:
    files = folder(store, version)
    (files / "MLmodel").write_bytes(b"flavors: []\n")
    (files / "model.pkl").unlink()
    (files / "evil\x1b[2J.py").touch()

    lines, ended = failing("--model", "fraud", "--version", "1")

    assert lines == [
        "fraud version 1 is not what was registered:",
        "  changed: MLmodel",
        "  added: evil\\x1b[2J.py",
        "  missing: model.pkl",
        "Versions verified: 1. As registered: 0.",
    ]
    assert (ended.returncode, str(ended)) == (1, "Not what was registered, or not to be read: 1 of 1.")


def test_a_manifest_that_was_changed_is_named(version: ModelVersion) -> None:
    Content.objects.update(digest="0" * 64)
    lines, _ = failing()
    assert lines[1] == "  not what this server signed: the manifest"


def test_only_deep_reads_what_the_store_says_is_unchanged(version: ModelVersion, store: LocalStore) -> None:
    change_as_nobody_notices(folder(store, version) / "model.pkl")
    assert verify()[-1] == "Versions verified: 1. As registered: 1."
    assert failing("--deep")[0][1] == "  changed: model.pkl"


def test_many_differences_are_cut_short(version: ModelVersion, store: LocalStore) -> None:
    for number in range(25):
        (folder(store, version) / f"new{number}").touch()
    lines, _ = failing()
    assert len(lines) == 1 + 20 + 1 + 1
    assert lines[21] == "  and 5 more"


def test_what_cannot_be_read_is_said_and_fails(version: ModelVersion) -> None:
    ModelVersion.objects.update(location="s3://gone/model")
    lines, ended = failing()
    assert lines[0].startswith("fraud version 1 cannot be verified: This server does not read artifacts")
    assert ended.returncode == 1


@pytest.mark.parametrize(
    "arguments", [["--model", "nothing"], ["--model", "fraud", "--version", "7"], ["--version", "1"]]
)
def test_asking_for_what_is_not_there_is_a_mistake(version: ModelVersion, arguments: list[str]) -> None:
    assert failing(*arguments)[0] == []


def in_a_process(settings: Settings, *arguments: str) -> "subprocess.Popen[str]":
    """The command on the database of this test."""
    database = connection.settings_dict
    address = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        address = f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{database['NAME']}"
    environment = clean_environment() | {
        "DATABASE_URL": address,
        "MLREGISTRY_DATA": str(settings.MLREGISTRY_DATA),
        "MLREGISTRY_ARTIFACTS": settings.MLREGISTRY_ARTIFACTS,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "manage.py", "verify_artifacts", *arguments]
    return subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Whoever runs the tests in the background has interrupts ignored, and the process would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  no thread holds a lock
    )


@pytest.mark.django_db(transaction=True)
def test_as_a_process_it_says_how_far_it_is_can_be_interrupted_and_exits_with_1(
    version: ModelVersion, store: LocalStore, settings: Settings
) -> None:
    large = folder(store, version) / "model.pkl"
    size = 20_000_000_000
    with large.open("wb") as file:
        file.truncate(size)
    # The manifest says that size too, so that all of it has to be read.
    Content.objects.get().files.filter(path="model.pkl").update(size=size)

    running = in_a_process(settings, "--deep", "--model", "fraud", "--version", "1")
    assert running.stdout
    first = running.stdout.readline()
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=60)
    large.write_bytes(b"short")
    again = in_a_process(settings)
    said, _ = again.communicate(timeout=60)

    assert first.startswith("0 of 1, fraud version 1: ")
    assert running.returncode == 130, rest
    assert "Stopped. Versions verified: 0." in rest
    assert again.returncode == 1
    assert "  changed: model.pkl" in said.splitlines()
