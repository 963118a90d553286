"""What tests of tracking begin with: people, and a few words for making what they log."""

from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from apps.tracking.artifacts.stores import proxied_store
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.models import Experiment
from apps.tracking.queries import keys
from tests.tracking.making import make_experiment


@pytest.fixture(autouse=True)
def _keys_are_those_of_this_test() -> None:
    """Each test has its own tables, so what the process remembers of them must go."""
    keys.forget()


@pytest.fixture
def ada(db: None) -> User:
    """A person who may do nothing but what she is granted."""
    return User.objects.create_user("ada", is_staff=True)


@pytest.fixture
def root(db: None) -> User:
    """An administrator."""
    return User.objects.create_superuser("root")


@pytest.fixture
def experiment(ada: User) -> Experiment:
    """An experiment of Ada's."""
    return make_experiment(ada, "first")


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> LocalStore:
    """An empty folder as the artifact store."""
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path / "artifacts")
    made = proxied_store()
    assert isinstance(made, LocalStore)
    return made
