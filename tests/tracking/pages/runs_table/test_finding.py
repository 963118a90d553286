"""The search over everything finds runs by id, name and tag, for those who may read them."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.tracking.entities import Tag
from apps.tracking.models import Experiment
from apps.tracking.queries import run_finding
from tests.tracking.making import delete, make_run
from tests.tracking.pages.runs_table.conftest import SignedIn


def found(client: Client, words: str) -> list[str]:
    groups = dict(client.get(reverse("admin:search"), {"q": words}).context["groups"])
    return [hit.title for hit in groups.get("Runs", [])]


def test_runs_are_found_by_the_beginning_of_their_id_a_part_of_their_name_and_a_tag(
    experiment: Experiment, ada: User, signed_in: SignedIn
) -> None:
    run = make_run(experiment, ada, name="brisk-otter-7", tags=[Tag(key="team", value="risk")])
    make_run(experiment, ada, name="other")
    client = signed_in(ada)
    for words in (run.uuid, run.uuid[:8].upper(), "OTTER", "risk"):
        assert found(client, words) == ["brisk-otter-7"], words
    assert found(client, "100%") == []
    delete(ada, run)
    assert found(client, "otter") == []


def test_only_ids_are_found_of_runs_that_are_long_past(
    experiment: Experiment, ada: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_run(experiment, ada, name="old")
    make_run(experiment, ada, name="older brother")
    monkeypatch.setattr(run_finding, "LOOKED_AT", 1)
    assert found(signed_in(ada), "old") == ["older brother"]
    assert found(signed_in(ada), old.uuid) == ["old"]


def test_hidden_runs_are_not_found(people: dict[str, User], experiment: Experiment, signed_in: SignedIn) -> None:
    run = make_run(experiment, people["manager"], name="secret")
    assert {name: found(signed_in(user), run.uuid) for name, user in people.items()} == {
        name: [] if name == "outsider" else ["secret"] for name in people
    }
