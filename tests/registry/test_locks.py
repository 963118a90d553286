"""Jobs and people change one version at a time, and never wait for each other in a circle."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.registry.models import Alias
from apps.registry.services import cards, content, versions
from mlregistry.actor import system
from tests.registry.making import make_registered, make_version

TIME_LIMIT_S = 20


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hold", [lambda version: content._locked(version.pk), cards._locked], ids=["content", "card"])  # noqa: SLF001
def test_an_alias_is_set_while_a_job_holds_the_version_and_waits_to_record(hold: object) -> None:
    """The alias's transaction has its turn in the record when, at its commit, it looks whether the version is there."""
    user = User.objects.create_user("ada")
    version = make_version(user, make_registered(user, "churn"))
    is_held, may_record = threading.Event(), threading.Event()

    def job() -> None:
        with transaction.atomic():
            hold(version)  # type: ignore[operator]
            is_held.set()
            may_record.wait(TIME_LIMIT_S)
            audit.record("registry.content.sealed", target=version, by=system("seal"))
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        at_once = connection.features.has_select_for_update  # else one writes after another, as the transactions begin
        running = pool.submit(job) if at_once else None
        if at_once:
            assert is_held.wait(TIME_LIMIT_S)
        with transaction.atomic():
            versions.set_alias(version=version, alias="champion", by=user.actor())
            may_record.set()
            time.sleep(0.3)  # by now the job waits for its turn
        if running:
            running.result(TIME_LIMIT_S)
    assert Alias.objects.get(name="champion").version == version
