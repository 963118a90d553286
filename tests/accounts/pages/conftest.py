"""The people of these tests, at their pages."""

import pytest
from django.test import Client

from apps.accounts.models import User

HOSTILE = "<script>window.fired = 1</script>\u202e\U0001f984" + "x" * 100


def at_pages(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def root_page(admin: User) -> Client:
    return at_pages(admin)


@pytest.fixture
def ada_page(ada: User) -> Client:
    return at_pages(ada)


@pytest.fixture
def bob_page(bob: User) -> Client:
    return at_pages(bob)
