"""A running server: its worker reads what is registered, and from then on nobody changes it unnoticed."""

import subprocess
import sys
import time
from pathlib import Path

from tests.live import PROJECT, LiveServer
from tests.tracking.artifacts.calling import FILES
from tests.tracking.artifacts.test_live_artifacts import root_of_a_new_run
from tests.tracking.artifacts.test_seals import assert_refused

REGISTER = """
from django.db import transaction
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import content
from mlregistry.actor import system
times = {{"creation_time": 1, "last_updated_time": 1}}
with transaction.atomic():
    model = RegisteredModel.objects.create(name="live", created_by="ada", last_version=1, **times)
    version = ModelVersion.objects.create(model=model, version=1, user_id="ada", location="{location}", **times)
    content.register_content(version=version, by=system("test"))
"""
STATE = 'from apps.registry.models import Content; print(Content.objects.get(version__model__name="live").state)'


def manage(server: LiveServer, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env=server.environment, capture_output=True, text=True, timeout=60, check=False
    )


def shell(server: LiveServer, code: str) -> str:
    """What Python prints on the server's own database."""
    ran = manage(server, "shell", "-v", "0", "-c", code)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_registered_version_is_read_by_the_worker_and_kept_from_changing(server: LiveServer) -> None:
    root = root_of_a_new_run(server)
    with server.session() as session:
        address = server.url(f"{FILES}/{root}/model/weights")
        assert session.put(address, data=b"registered", timeout=30).status_code == 200
        shell(server, REGISTER.format(location=f"mlflow-artifacts:/{root}/model"))

        assert_refused(session.put(address, data=b"other", timeout=30))
        deadline = time.monotonic() + 30
        while shell(server, STATE) != "sealed":
            assert time.monotonic() < deadline, "not read within 30 s"
        assert manage(server, "verify_artifacts", "--deep", "--model", "live").returncode == 0
        (Path(server.environment["MLREGISTRY_DATA"]) / "artifacts" / root / "model/weights").write_bytes(b"other")
        verified = manage(server, "verify_artifacts", "--model", "live", "--version", "1")

    assert verified.returncode == 1
    assert verified.stdout.splitlines() == [
        "live version 1 is not what was registered:",
        "  changed: weights",
        "Versions verified: 1. As registered: 0.",
    ]
