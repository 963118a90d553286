"""Versions of registered models whose files really lie in a store."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import User
from apps.registry.models import ModelVersion
from apps.tracking.models import Run
from tests.registry.pinning.making import FILES, put, registered, sealed
from tests.tracking.artifacts.conftest import s3, s3_address  # noqa: F401  fixtures of the artifacts' tests
from tests.tracking.conftest import ada, experiment, root, store  # noqa: F401  fixtures of tracking's tests
from tests.tracking.making import make_run


@pytest.fixture
def run(experiment: Any, ada: User, store: Any) -> Run:  # noqa: F811  the fixtures above
    """A run that logged a model: MLmodel, weights, and a file in a folder."""
    made = make_run(experiment, ada)
    for path, content in FILES.items():
        put(ada, made, f"model/{path}", content)
    return made


@pytest.fixture
def version(run: Run) -> ModelVersion:
    """That model, registered and sealed."""
    return sealed(registered(f"{run.artifact_uri}/model"))


@pytest.fixture
def other(run: Run) -> Callable[[], ModelVersion]:
    """The same model again, as the next version of another name."""
    return lambda: sealed(registered(f"{run.artifact_uri}/model", name="other"))
