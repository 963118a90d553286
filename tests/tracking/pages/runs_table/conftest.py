"""Four kinds of people at the pages of an experiment."""

from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.test import Client

from apps.accounts.models import User
from apps.tracking.models import Experiment
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.actor import system
from mlregistry.levels import Level

SignedIn = Callable[[User], Client]
LEVELS = {"editor": Level.EDIT, "reader": Level.READ, "outsider": Level.NO_PERMISSIONS}


@pytest.fixture
def signed_in() -> SignedIn:
    def made(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[-1])
        return client

    return made


@pytest.fixture
def people(experiment: Experiment, ada: User, root: User) -> dict[str, User]:
    """By what they are to `experiment`: Ada made it, so she manages it."""
    found = {"administrator": root, "manager": ada}
    for name, level in LEVELS.items():
        found[name] = User.objects.create_user(name, is_staff=True)
        EXPERIMENT_GRANTS.set(target=experiment, holder=found[name], level=level, by=system("tests"))
    return found
