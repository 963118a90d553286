"""Whoever decides and whoever only talks about a request never wait for each other in a circle."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.governance.choices import Decision
from apps.governance.models import ChangeRequest, Vote
from apps.governance.services import deciding, voting
from apps.registry.models import ModelVersion
from tests.governance.making import ask

TIME_LIMIT_S = 20


def _cast(request: ChangeRequest, voter: User) -> None:
    """The row alone: its trigger waits for whoever ends the request."""
    Vote.objects.create(
        request=request, decision=Decision.APPROVE, voter=voter.username, voter_id=voter.pk, cast_at=timezone.now()
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "hold", [lambda request, _: deciding.locked(request), _cast], ids=["a decision", "the trigger of a vote"]
)
@pytest.mark.usefixtures("one")
def test_a_comment_is_made_while_somebody_decides_and_waits_to_record(
    hold: Callable[[ChangeRequest, User], object],
    version: ModelVersion,
    ada: User,
    rita: User,
) -> None:
    """The comment has its turn in the record when, at its commit, the database looks whether the request is there."""
    request = ask(ada, version)
    is_held, may_record = threading.Event(), threading.Event()

    def decide() -> None:
        with transaction.atomic():
            hold(request, rita)
            is_held.set()
            may_record.wait(TIME_LIMIT_S)
            audit.record("governance.vote.approve", target=request, by=rita.actor())
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        at_once = connection.features.has_select_for_update  # else one writes after another, as the transactions begin
        running = pool.submit(decide) if at_once else None
        if at_once:
            assert is_held.wait(TIME_LIMIT_S)
        with transaction.atomic():
            voting.add_comment(request=request, text="why now?", by=ada.actor())
            may_record.set()
            time.sleep(0.3)  # by now the other waits for its turn
        if running:
            running.result(TIME_LIMIT_S)
    assert request.comments.get().text == "why now?"
