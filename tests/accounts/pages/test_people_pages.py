"""People and teams: names are everybody's to see, the rest is seen by those whose it is; administrators change them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Team, User
from apps.accounts.services import people, service_accounts, teams, tokens
from apps.audit.models import Entry
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.actor import Actor
from mlregistry.levels import Level
from tests.accounts.conftest import PASSWORD, token_for
from tests.accounts.pages.conftest import HOSTILE
from tests.tracking.making import make_experiment


def text(page: Client, path: str, status: int = 200, **asked: str) -> str:
    answer = page.get(path, asked)
    assert answer.status_code == status, path
    return str(answer.content.decode())


def test_everybody_is_listed_with_kind_and_teams(ada_page: Client, robot: User, bob: User, team: Team) -> None:
    bob.groups.add(team)
    listed = text(ada_page, "/admin/people/")
    for word in ("root", "ada", "bob", "robot", "administrator", "service account", "Risk"):
        assert word in listed
    assert "Last sign-in" not in listed
    assert "New person" not in listed


def test_administrators_see_when_somebody_was_last_here(root_page: Client, ada: User) -> None:
    assert "Last sign-in" in text(root_page, "/admin/people/")


def test_the_list_is_narrowed_by_name_and_kind(ada_page: Client, robot: User, bob: User) -> None:
    assert ">bob<" not in text(ada_page, "/admin/people/", q="AD")
    narrowed = text(ada_page, "/admin/people/", kind="service-accounts")
    assert ">robot<" in narrowed
    assert ">bob<" not in narrowed
    assert "Nobody like that" in text(ada_page, "/admin/people/", q="nobody\0")
    assert ">bob<" in text(ada_page, "/admin/people/", kind="unknown")


def test_a_long_list_is_paged_and_each_page_takes_as_many_queries(
    root_page: Client, admin: User, team: Team, by: Actor
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(root_page, "/admin/people/")
        return len(captured)

    admin.groups.add(team)
    few = queries()
    for number in range(60):
        User.objects.create(username=f"more{number:02}").groups.add(team)
    assert queries() == few
    first = root_page.get("/admin/people/").context["page"]
    assert len(first.rows) == 50
    rest = root_page.get("/admin/people/", {"page": first.next_page_token}).context["page"]
    assert not {row.pk for row in rest.rows} & {row.pk for row in first.rows}
    assert root_page.get("/admin/people/", {"page": "forged"}).status_code == 400


def test_a_person_sees_nothing_of_anothers_tokens_acts_and_grants(
    ada_page: Client, ada: User, bob: User, robot: User, by: Actor
) -> None:
    of_bob, _ = token_for(bob, name="bobs notebook")
    EXPERIMENT_GRANTS.set(target=make_experiment(bob, "bobs secret"), holder=ada, level=Level.NO_PERMISSIONS, by=by)
    make_experiment(bob, "bobs public")
    shown = text(ada_page, f"/admin/people/{bob.pk}/")
    for hidden in ("bobs notebook", of_bob.prefix, "bobs secret", "bobs public", "Latest on record", "Switch off"):
        assert hidden not in shown
    assert text(ada_page, f"/admin/people/{bob.pk + 1000}/", status=404)
    assert text(ada_page, f"/admin/people/{10**30}/", status=404)


def test_owners_and_administrators_see_tokens_and_grants(
    ada_page: Client, root_page: Client, ada: User, robot: User, by: Actor
) -> None:
    tokens.create(user=robot, name="ci token", scope="write", by=by)
    EXPERIMENT_GRANTS.set(target=make_experiment(ada, "churn"), holder=robot, level=Level.EDIT, by=by)
    for page in (ada_page, root_page):
        shown = text(page, f"/admin/people/{robot.pk}/")
        assert "ci token" in shown
        assert "churn" in shown
    assert "ada" in text(root_page, f"/admin/people/{robot.pk}/")


def test_administrators_see_what_somebody_did_in_sentences(root_page: Client, ada: User) -> None:
    token_for(ada)
    tokens.create(user=ada, name="notebook", scope="read", by=ada.actor())
    shown = text(root_page, f"/admin/people/{ada.pk}/")
    assert "Latest on record" in shown
    assert '<bdi class="said">notebook</bdi>' in shown


def test_an_account_is_switched_off_and_on_by_administrators_alone(
    root_page: Client, ada_page: Client, admin: User, bob: User
) -> None:
    path = f"/admin/people/{bob.pk}/switch/"
    assert ada_page.post(path).status_code == 404
    assert root_page.get(path).status_code == 405
    assert root_page.post(path).status_code == 303
    bob.refresh_from_db()
    assert not bob.is_active
    assert root_page.post(path, {"active": "on"}).status_code == 303
    bob.refresh_from_db()
    assert bob.is_active
    assert root_page.post(f"/admin/people/{admin.pk}/switch/").status_code == 400
    assert Entry.objects.filter(action="accounts.person.deactivate", username="root").count() == 1


def test_members_join_and_leave_on_the_teams_page(
    root_page: Client, ada_page: Client, ada: User, bob: User, team: Team
) -> None:
    add, remove = f"/admin/people/teams/{team.pk}/add/", f"/admin/people/teams/{team.pk}/remove/"
    for path in (add, remove):
        assert ada_page.post(path, {"username": "bob"}).status_code == 404
    assert root_page.post(add, {"username": " bob "}).status_code == 303
    assert root_page.post(add, {"username": "nobody"}).status_code == 404
    assert list(team.user_set.all()) == [bob]
    assert ">bob<" in text(ada_page, f"/admin/people/teams/{team.pk}/")
    assert root_page.post(remove, {"username": "bob"}).status_code == 303
    assert not team.user_set.exists()


def test_what_a_team_holds_is_seen_by_its_members_and_by_managers_of_the_object(
    *, ada_page: Client, bob_page: Client, root_page: Client, ada: User, bob: User, team: Team, by: Actor
) -> None:
    EXPERIMENT_GRANTS.set(target=make_experiment(ada, "churn"), holder=team, level=Level.EDIT, by=by)
    path = f"/admin/people/teams/{team.pk}/"
    assert "churn" in text(ada_page, path)
    assert "churn" in text(root_page, path)
    assert "churn" not in text(bob_page, path)
    bob.groups.add(team)
    assert "churn" in text(bob_page, path)


def test_what_somebody_holds_by_her_teams_is_told_apart_from_what_she_was_granted(
    ada_page: Client, ada: User, team: Team, by: Actor
) -> None:
    EXPERIMENT_GRANTS.set(target=make_experiment(ada, "churn"), holder=team, level=Level.EDIT, by=by)
    ada.groups.add(team)
    for path in (f"/admin/people/{ada.pk}/", "/admin/account/"):
        held = ada_page.get(path).context["holdings"]
        assert [(one.name, one.team, one.level) for one in held] == [
            ("churn", "", Level.MANAGE),
            ("churn", "Risk", Level.EDIT),
        ]


def test_teams_are_listed_with_the_number_of_their_members(ada_page: Client, ada: User, bob: User, team: Team) -> None:
    team.user_set.set([ada, bob])
    listed = ada_page.get("/admin/people/teams/").context["page"].rows
    assert [(row.name, row.members) for row in listed] == [("Risk", 2)]
    assert "No team like that" in text(ada_page, "/admin/people/teams/", q="zzz")


def test_the_stock_forms_lead_back_to_our_pages(root_page: Client, ada: User, team: Team) -> None:
    form = {"username": "eve", "kind": "person", "new_password": PASSWORD, "is_active": "on"}
    made = root_page.post("/admin/accounts/user/add/", form)
    assert made["Location"] == f"/admin/people/{User.objects.get(username='eve').pk}/"
    changed = root_page.post(f"/admin/accounts/team/{team.pk}/change/", {"name": "Risk", "description": "new"})
    assert changed["Location"] == f"/admin/people/teams/{team.pk}/"


def test_people_and_teams_are_found_from_every_page(ada_page: Client, robot: User, team: Team) -> None:
    found = ada_page.get("/admin/search/", {"q": "ro"}, headers={"HX-Request": "true"}).content.decode()
    assert f"/admin/people/{robot.pk}/" in found
    assert f"/admin/people/teams/{team.pk}/" in text(ada_page, "/admin/search/", q="risk")


@pytest.mark.parametrize("path", ["/admin/people/", "/admin/people/teams/", "/admin/people/teams/{team}/"])
def test_scripts_in_names_are_words(root_page: Client, by: Actor, path: str) -> None:
    name = HOSTILE.replace("\u202e", "")[:150]
    team = teams.create(name=name, description=HOSTILE, by=by)
    shown = text(root_page, path.format(team=team.pk))
    assert "<script>window" not in shown


def test_pages_of_people_ask_for_signing_in(client: Client, ada: User) -> None:
    for path in ("/admin/people/", f"/admin/people/{ada.pk}/", "/admin/people/teams/", "/admin/account/"):
        assert client.get(path).status_code == 302


def test_a_service_account_handed_over_shows_its_new_owner(
    root_page: Client, robot: User, bob: User, by: Actor
) -> None:
    service_accounts.set_owner(account=robot, owner=bob, by=by)
    assert "bob" in text(root_page, f"/admin/people/{robot.pk}/")
    people.set_active(user=bob, is_active=False, by=by)
    assert "switched off" in text(root_page, "/admin/people/", kind="switched-off")
