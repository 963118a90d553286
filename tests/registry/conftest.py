"""What tests of the registry begin with: people, an experiment, a run, a model."""

from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from apps.registry.models import RegisteredModel
from apps.tracking.models import Experiment, Run
from apps.tracking.queries import keys
from tests.registry.making import make_registered
from tests.tracking.making import make_experiment, make_run


@pytest.fixture(autouse=True)
def _keys_are_those_of_this_test() -> None:
    """Each test has its own tables, so what the process remembers of them must go."""
    keys.forget()


@pytest.fixture
def ada(db: None) -> User:
    """A person who may do nothing but what she is granted."""
    return User.objects.create_user("ada", is_staff=True)


@pytest.fixture
def bob(db: None) -> User:
    """Another one."""
    return User.objects.create_user("bob", is_staff=True)


@pytest.fixture
def root(db: None) -> User:
    """An administrator."""
    return User.objects.create_superuser("root")


@pytest.fixture
def artifacts(tmp_path: Path, settings: Any) -> Path:
    """An empty folder as the artifact store."""
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path / "artifacts")
    return tmp_path / "artifacts"


@pytest.fixture
def experiment(ada: User) -> Experiment:
    return make_experiment(ada, "first")


@pytest.fixture
def run(ada: User, experiment: Experiment) -> Run:
    return make_run(experiment, ada, name="training")


@pytest.fixture
def model(ada: User) -> RegisteredModel:
    """A registered model of Ada's."""
    return make_registered(ada, "classifier")
