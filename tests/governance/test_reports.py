"""Reports for who audits: on a page, and as CSV."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.governance.models import ChangeRequest
from apps.governance.services.break_glass import break_glass
from apps.governance.services.sweeping import sweep
from apps.registry import proposals
from apps.registry.models import ModelVersion
from apps.registry.services import cards, versions
from mlregistry.levels import Level
from tests.governance.making import approve, ask, make_policy
from tests.registry.making import give, make_version, move

pytestmark = pytest.mark.django_db


def broken(version: ModelVersion, by: User, reason: str) -> None:
    """Moved to Production at once, by somebody whose team may."""
    proposal = proposals.set_stage(version, "Production", archive_existing=False)
    break_glass(proposal=proposal, user=by, reason=reason, by=by.actor())


def as_csv(client: Client, name: str, **period: str) -> list[dict[str, str]]:
    answer = client.get(f"/admin/reports/{name}/", {"format": "csv", **period})
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))


def test_approvals_say_who_approved_what_under_which_policy(applied: ChangeRequest, root: User, client: Client) -> None:
    client.force_login(root)
    (row,) = as_csv(client, "approvals")
    assert row["What"] == f"#{applied.pk} {applied.summary}"
    assert (row["Asked for by"], row["Approved by"]) == ("bob", "rita (Risk), ivan (IT)")
    assert (row["Under"], row["Evidence"]) == ("production revision 1", applied.evidence_digest)
    shown = client.get("/admin/reports/").content.decode()
    assert "rita (Risk), ivan (IT)" in shown
    assert f"/admin/reviews/{applied.pk}/" in shown


def test_a_period_includes_its_days(applied: ChangeRequest, root: User, client: Client) -> None:
    client.force_login(root)
    assert applied.ended_at
    day, before = applied.ended_at.date(), applied.ended_at.date() - timedelta(days=1)
    assert as_csv(client, "approvals", since=f"{day}", until=f"{day}")
    assert as_csv(client, "approvals", until=f"{before}") == []
    assert client.get("/admin/reports/approvals/", {"since": "soon"}).status_code == 400


@pytest.mark.usefixtures("policy")
def test_exceptions_are_what_did_not_go_its_way(version: ModelVersion, bob: User, client: Client) -> None:
    request = ask(bob, version)
    cards.write_card(version=version, sections={"limits": "It is no good at night."}, by=bob.actor())
    sweep()
    client.force_login(bob)
    (row,) = as_csv(client, "exceptions")
    assert row["What"].startswith(f"#{request.pk} ")
    assert row["How it ended"] == "Stale"


@pytest.mark.usefixtures("risk", "it")
def test_breaking_glass_is_reported_with_what_came_of_it(
    version: ModelVersion, root: User, ivan: User, client: Client
) -> None:
    make_policy(root, slots={"Risk": 1}, break_glass=["IT"])
    give(ivan, version.model, Level.EDIT)
    broken(version, ivan, "The old one answers nonsense.")
    client.force_login(root)
    (row,) = as_csv(client, "break-glass")
    assert (row["By"], row["Why"]) == ("ivan", "The old one answers nonsense.")
    assert row["What came of it"] == "review Open"


@pytest.mark.usefixtures("risk")
def test_expiring_approvals_say_how_long_they_hold(
    version: ModelVersion, rita: User, root: User, bob: User, client: Client
) -> None:
    make_policy(root, slots={"Risk": 1}, holds_for_days=30)
    approve(ask(bob, version), rita)
    client.force_login(root)
    (row,) = as_csv(client, "expiring")
    assert row["Left"] in {"29 days", "30 days"}


def test_never_reviewed_is_what_stands_without_anybody_having_been_asked(
    applied: ChangeRequest, version: ModelVersion, ada: User, root: User, client: Client
) -> None:
    other = make_version(ada, version.model)
    move(ada, other, "Staging")
    versions.set_alias(version=other, alias="trial", by=ada.actor())
    client.force_login(root)
    rows = [(row["What"], row["Stands in"], row["Protected by"]) for row in as_csv(client, "never-reviewed")]
    assert rows == [
        (str(other), "Staging", "no policy asks for approval"),
        (str(other), "alias trial", "no policy asks for approval"),
    ]


def test_reports_hold_what_whoever_asks_may_read(
    applied: ChangeRequest, version: ModelVersion, ada: User, client: Client
) -> None:
    outsider = User.objects.create_user("outsider", is_staff=True)
    give(outsider, version.model, Level.NO_PERMISSIONS)
    client.force_login(outsider)
    assert as_csv(client, "approvals") == []
    assert as_csv(client, "never-reviewed") == []
    assert client.get("/admin/reports/unknown/").status_code == 404


@pytest.mark.usefixtures("it")
def test_no_cell_is_computed_by_a_spreadsheet(version: ModelVersion, root: User, ivan: User, client: Client) -> None:
    make_policy(root, approvals=1, reviewers=["IT"], break_glass=["IT"])
    give(ivan, version.model, Level.EDIT)
    broken(version, ivan, '=HYPERLINK("http://evil")')
    client.force_login(root)
    (row,) = as_csv(client, "break-glass")
    assert row["Why"] == '\'=HYPERLINK("http://evil")'
