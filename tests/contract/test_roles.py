"""MLflow's role calls beside the genuine server with its basic-auth app: raw requests, and MLflow's own client."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mlregistry.urls import urlpatterns
from mlregistry.wire.endpoint import declared
from tests.contract.calls.roles import SCENARIOS
from tests.contract.play import differences, play
from tests.live import LiveServer, clean_environment

CASES_A_CALL = 5
SCRIPT = Path(__file__).with_name("role_script.py")
TIME_LIMIT_S = 120


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_answers_are_those_of_the_genuine_server(name: str, genuine_auth: LiveServer, server: LiveServer) -> None:
    steps, here = SCENARIOS[name], f"roles{list(SCENARIOS).index(name):02}"

    found = differences(steps, play(genuine_auth, steps, here=here), play(server, steps, here=here))

    assert not found, "\n\n".join(found)


def test_every_call_is_asked_in_several_ways() -> None:
    assert urlpatterns  # the calls are declared with them
    calls = {
        (call.method, f"/{route}", number)
        for call in declared()
        for number, route in enumerate(call.routes)
        if call.version == "3.0" and call.path.startswith(("roles/", "users/"))
    }
    asked = Counter((step.method, step.url) for steps in SCENARIOS.values() for step in steps)

    assert len(calls) == 2 * 18
    for method, url, twin in calls:
        assert asked[method, url] >= (0 if twin else CASES_A_CALL), url


def test_mlflows_own_client_is_told_what_the_genuine_server_tells(
    genuine_auth: LiveServer, server: LiveServer, tmp_path: Path
) -> None:
    theirs, ours = (_run(on, tmp_path) for on in (genuine_auth, server))

    assert len(theirs) > 50
    assert ours == theirs


def _run(server: LiveServer, folder: Path) -> list[str]:
    """What the script prints when it asks this server as its administrator."""
    ran = subprocess.run(
        [sys.executable, SCRIPT],
        env=clean_environment() | server.client_environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()
