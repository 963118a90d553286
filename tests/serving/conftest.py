"""A server whose worker has a Docker Engine, and a team's models on it. `.ci/docker` sees to the engine."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
import requests

from apps.accounts.models import User
from apps.registry.models import ModelVersion, RegisteredModel
from apps.tracking.models import Run
from tests.engine import serving_on
from tests.governance.conftest import risk, rita  # noqa: F401  fixtures of governance's tests
from tests.live import LiveServer, ours
from tests.registry.conftest import (  # noqa: F401  fixtures of the registry's tests
    _keys_are_those_of_this_test,
    ada,
    artifacts,
    bob,
    experiment,
    model,
    root,
    run,
)
from tests.serving.making import servable

WITHIN_S = 300
"""For a build on a machine that does other things besides."""


@pytest.fixture
def version(artifacts: Any, ada: User, model: RegisteredModel, run: Run) -> ModelVersion:  # noqa: F811  the fixtures above
    """Ada's, and fit to be served."""
    return servable(ada, model, run)


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    client.ping()
    yield client
    client.close()


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator["Serving"]:
    folder = tmp_path_factory.mktemp("serving")
    network = f"mlregistry-test-{folder.name}-{time.time_ns()}"
    with serving_on(engine, network) as settings, ours(folder, MLREGISTRY_JOB_HEARTBEAT="1", **settings) as server:
        yield Serving(server)


class Serving:
    """What a platform engineer does over REST."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.session = server.session()

    def get(self, path: str) -> Any:
        return self._answered(self.session.get(self.server.url(f"api/v1/{path}"), timeout=60))

    def post(self, path: str, **body: Any) -> Any:
        return self._answered(self.session.post(self.server.url(f"api/v1/{path}"), json=body, timeout=60))

    def put(self, path: str, **body: Any) -> Any:
        return self._answered(self.session.put(self.server.url(f"api/v1/{path}"), json=body, timeout=60))

    def refused(self, path: str, **body: Any) -> requests.Response:
        answer = self.session.post(self.server.url(f"api/v1/{path}"), json=body, timeout=60)
        assert 400 <= answer.status_code < 500, answer.text
        return answer

    def built(self, model: str, version: int) -> dict[str, Any]:  # noqa: F811  a fixture's name
        """An image of the version, asked for now, when it is ready or has failed."""
        image = self.post(f"registered-models/{model}/versions/{version}/images")
        return self.until(lambda: self.done(f"images/{image['id']}", "building"))

    def rolled_out(self, deployment: str, model: str, version: int) -> dict[str, Any]:  # noqa: F811  likewise
        """The rollout, asked for now, when it is live or has failed."""
        self.post(f"deployments/{deployment}/rollouts", model=model, version=str(version))
        return self.until(lambda: self._newest(deployment))

    def until(self, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + WITHIN_S
        while not (found := look()):
            assert time.monotonic() < deadline, f"it did not come about in time\n{self.server.log_tail()}"
            time.sleep(0.5)
        return found

    def _newest(self, deployment: str) -> Any:
        newest = self.get(f"deployments/{deployment}/rollouts")["results"][0]
        return newest if newest["state"] not in ("waiting", "starting") else None

    def done(self, path: str, underway: str) -> Any:
        found = self.get(path)
        return found if found["state"] != underway else None

    @staticmethod
    def _answered(answer: requests.Response) -> Any:
        assert answer.ok, answer.text
        return answer.json()
