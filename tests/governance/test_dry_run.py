"""Dry runs: what a draft would have stopped."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Team, User
from apps.governance.services import dry_run as replaying
from apps.governance.services.dry_run import dry_run
from apps.governance.terms import read_terms
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import versions
from mlregistry.errors import PermissionDenied
from tests.governance.making import PRODUCTION, approve, ask, make_policy
from tests.registry.making import make_registered, make_version, move

pytestmark = pytest.mark.django_db

GATES = [
    {"tag_equals": {"key": "checked", "value": "yes"}},
    "content_intact",
    {"not_worse_than_production": {"metric": "a", "direction": "higher_is_better"}},
]


def test_it_says_what_would_have_been_stopped_and_why(
    ada: User, bob: User, root: User, model: RegisteredModel, version: ModelVersion
) -> None:
    good, elsewhere = (
        make_version(ada, model, "s3://bucket/other"),
        make_version(ada, make_registered(ada, "other"), "s3://bucket/third"),
    )
    versions.set_tag(version=good, key="checked", value="yes", by=ada.actor())
    move(ada, version, "Production")  # registered by Bob
    move(ada, good, "Production")  # her own
    move(ada, good, "Staging")
    versions.set_alias(version=version, alias="champion", by=bob.actor())  # his own
    move(ada, elsewhere, "Production")
    terms = read_terms(PRODUCTION | {"models": ["class*"], "gates": GATES})
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = dry_run(terms=terms, by=root.actor())
    assert (found.looked_at, found.stopped, found.own_work, found.waiting) == (3, 2, 2, 3)
    assert found.left_out == ["content_intact", "not_worse_than_production"]
    assert found.is_all
    [tally] = found.gates
    assert tally.examples == [
        'point alias champion of classifier at version 1: The version has no tag checked; "yes" is asked.',
        'move classifier version 1 to Production: The version has no tag checked; "yes" is asked.',
    ]
    assert str(found).startswith("Would have stopped 2 of 3, because: tag_equals 2 (point alias champion")
    writing = ("INSERT", "UPDATE", "DELETE")
    assert not [query["sql"] for query in asked.captured_queries if query["sql"].startswith(writing)]


def test_what_was_approved_would_not_have_waited(
    version: ModelVersion, risk: Team, ada: User, rita: User, root: User
) -> None:
    make_policy(root, slots={"Risk": 1})
    approve(ask(ada, version), rita)
    found = dry_run(terms=read_terms(PRODUCTION), by=root.actor())
    assert (found.looked_at, found.stopped, found.waiting) == (1, 0, 0)


def test_it_looks_at_the_latest_and_says_that_there_are_more(
    version: ModelVersion, ada: User, root: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "MOST", 2)
    for stage in ("Production", "None", "Production", "None", "Production"):
        move(ada, version, stage)
    found = dry_run(terms=read_terms(PRODUCTION), by=root.actor())
    assert (found.looked_at, found.is_all) == (2, False)


def test_nothing_on_record_is_said_so_and_only_administrators_ask(ada: User, root: User) -> None:
    assert "Nothing is on record" in str(dry_run(terms=read_terms(PRODUCTION), by=root.actor()))
    with pytest.raises(PermissionDenied):
        dry_run(terms=read_terms(PRODUCTION), by=ada.actor())
