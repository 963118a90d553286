"""Experiments in the search over everything."""

import pytest
from django.conf import settings as django_settings
from django.test import Client

from apps.accounts.models import User
from mlregistry.levels import Level
from tests.tracking.making import make_experiment


@pytest.mark.parametrize("words", ["churn", "CHURN", "er churn"])
def test_an_experiment_is_found_by_part_of_its_name_alone_by_those_who_may_read_it(
    db: None, words: str, settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    ada, bob = (User.objects.create_user(name, is_staff=True) for name in ("ada", "bob"))
    make_experiment(ada, "Customer churn")
    for user, found in ((ada, True), (bob, False)):
        client = Client()
        client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[-1])
        page = client.get("/admin/search/", {"q": words}, headers={"HX-Request": "true"}).content.decode()
        assert ("Customer churn" in page) is found


@pytest.mark.parametrize("words", ["9" * 40, "0" * 30, "%", "\u0664", "'; DROP TABLE x; --"])
def test_words_that_are_no_name_find_nothing(db: None, words: str) -> None:
    ada = User.objects.create_user("ada", is_staff=True)
    client = Client()
    client.force_login(ada, backend=django_settings.AUTHENTICATION_BACKENDS[-1])
    assert client.get("/admin/search/", {"q": words}).status_code == 200
