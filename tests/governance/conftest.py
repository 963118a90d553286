"""What tests of governance begin with: a model of Ada's with a version, reviewers in two teams, a policy."""

from typing import Any

import pytest

from apps.accounts.models import Team, User
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import cards
from mlregistry.levels import Level
from tests.governance.making import approve, ask, make_policy, make_team
from tests.registry.conftest import _keys_are_those_of_this_test, ada, artifacts, bob, model, root  # noqa: F401
from tests.registry.making import give, make_version, set_content


@pytest.fixture
def rita(db: None) -> User:
    """A reviewer of the team Risk."""
    return User.objects.create_user("rita", is_staff=True)


@pytest.fixture
def ivan(db: None) -> User:
    """A reviewer of the team IT."""
    return User.objects.create_user("ivan", is_staff=True)


@pytest.fixture
def risk(rita: User, root: User) -> Team:  # noqa: F811  the fixtures above
    return make_team("Risk", rita, by=root)


@pytest.fixture
def it(ivan: User, root: User) -> Team:  # noqa: F811  likewise
    return make_team("IT", ivan, by=root)


@pytest.fixture
def version(ada: User, bob: User, model: RegisteredModel) -> ModelVersion:  # noqa: F811  likewise
    """Registered by Bob, who may edit the model; its files are elsewhere."""
    give(bob, model, Level.EDIT)
    made = make_version(bob, model)
    set_content(made, state=ContentState.UNREADABLE)
    cards.prefill_card(version=made)
    return made


@pytest.fixture
def policy(risk: Team, it: Team, root: User) -> PolicyRevision:  # noqa: F811  likewise
    """Production and champion take one of Risk and one of IT."""
    return make_policy(root, slots={"Risk": 1, "IT": 1})


@pytest.fixture
def one(risk: Team, root: User) -> Any:  # noqa: F811  likewise
    """Production and champion take one of Risk."""
    return make_policy(root, slots={"Risk": 1})


@pytest.fixture
def applied(version: ModelVersion, policy: PolicyRevision, bob: User, rita: User, ivan: User) -> ChangeRequest:  # noqa: F811  likewise
    """Bob's request to move the version to Production, to which Rita and Ivan agreed."""
    request = ask(bob, version)
    approve(request, rita, comment="Läuft.\nGut so.")
    approve(request, ivan)
    request.refresh_from_db()
    return request
