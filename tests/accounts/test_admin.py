"""Accounts in the admin: the same services, the same refusals, and one's own tokens for everyone."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Team, Token, User
from apps.accounts.services import people
from apps.audit.models import Entry
from mlregistry.actor import Actor
from tests.accounts.conftest import PASSWORD, bearer, token_for


@pytest.fixture
def page(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def errors(response: Any) -> str:
    return str(response.context["adminform"].form.errors) if response.context else ""


def add_user(page: Client, **said: Any) -> Any:
    form = {"username": "eve", "kind": "person", "new_password": PASSWORD, "is_active": "on"} | said
    return page.post("/admin/accounts/user/add/", {key: value for key, value in form.items() if value is not None})


def test_a_person_is_made_by_the_service(page: Client) -> None:
    assert add_user(page).status_code == 302
    eve = User.objects.get(username="eve")
    assert eve.check_password(PASSWORD)
    assert eve.is_staff
    assert Entry.objects.filter(action="accounts.person.create", username="root", target_name="eve").exists()


@pytest.mark.parametrize("password", ["", None, "short", "123456789012345", "eve-eve-eve-eve-eve"])
def test_weak_passwords_are_refused_on_the_page(page: Client, password: str | None) -> None:
    if password == "eve-eve-eve-eve-eve":
        password = "mlr_eve-eve-eve-eve"
    assert "new_password" in errors(add_user(page, new_password=password))
    assert not User.objects.filter(username="eve").exists()


def test_a_service_account_has_an_owner_and_neither_password_nor_rights(page: Client, ada: User) -> None:
    robot = {"username": "robot", "kind": "service_account", "new_password": ""}
    assert "owner" in errors(add_user(page, **robot))
    assert "is_superuser" in errors(add_user(page, **robot, owner=ada.pk, is_superuser="on"))
    assert "new_password" in errors(add_user(page, **(robot | {"new_password": PASSWORD}), owner=ada.pk))
    assert "owner" in errors(add_user(page, owner=ada.pk))
    assert add_user(page, **robot, owner=ada.pk).status_code == 302
    made = User.objects.get(username="robot")
    assert (made.owner, made.is_staff, made.has_usable_password()) == (ada, False, False)


def test_a_refusal_of_the_service_is_said_and_nothing_is_kept(page: Client, admin: User) -> None:
    path = f"/admin/accounts/user/{admin.pk}/change/"
    answer = page.post(path, {"email": "new@example.org", "is_active": "on"}, follow=True)
    assert "only administrator left" in answer.content.decode()
    admin.refresh_from_db()
    assert (admin.is_superuser, admin.email) == (True, "")


def test_changing_rights_and_password_goes_through_the_services(page: Client, ada: User) -> None:
    path = f"/admin/accounts/user/{ada.pk}/change/"
    form = {"email": "", "is_active": "on", "is_superuser": "on", "new_password": "another long phrase"}
    assert page.post(path, form).status_code == 302
    ada.refresh_from_db()
    assert ada.is_superuser
    assert ada.check_password("another long phrase")
    actions = Entry.objects.filter(target_name="ada", username="root").order_by("sequence")
    assert [entry.action for entry in actions] == ["accounts.person.set_admin", "accounts.person.set_password"]


def test_deleting_goes_through_the_service_one_by_one(page: Client, admin: User, ada: User, bob: User) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [ada.pk, bob.pk], "post": "yes"}
    assert page.post("/admin/accounts/user/", chosen).status_code == 302
    assert list(User.objects.values_list("username", flat=True)) == ["root"]
    assert Entry.objects.filter(action="accounts.person.delete").count() == 2
    answer = page.post(f"/admin/accounts/user/{admin.pk}/delete/", {"post": "yes"}, follow=True)
    assert "cannot delete their own account" in answer.content.decode()


def test_members_join_and_leave_on_record(page: Client, ada: User, bob: User) -> None:
    form = {"name": "Risk", "description": "", "members": [ada.pk, bob.pk]}
    assert page.post("/admin/accounts/team/add/", form).status_code == 302
    team = Team.objects.get()
    assert page.post(f"/admin/accounts/team/{team.pk}/change/", form | {"members": [bob.pk]}).status_code == 302
    assert list(team.user_set.all()) == [bob]
    actions = Entry.objects.filter(action__contains="member").values_list("action", flat=True).order_by("sequence")
    assert sorted(actions) == ["accounts.team.add_member"] * 2 + ["accounts.team.remove_member"]


def test_people_make_see_and_revoke_their_own_tokens_only(ada: User, bob: User, robot: User) -> None:
    of_bob, _ = token_for(bob)
    page = Client()
    page.force_login(ada)
    form = {"user": ada.pk, "name": "notebook", "scope": "write", "expires_at": ""}
    made = page.post("/admin/accounts/token/add/", form)
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    text = made.context["text"]
    assert Client().get("/api/v1/me", headers=bearer(text)).json()["username"] == "ada"
    assert "user" in errors(page.post("/admin/accounts/token/add/", form | {"user": bob.pk}))
    assert page.post("/admin/accounts/token/add/", form | {"user": robot.pk}).status_code == 200
    listed = page.get("/admin/accounts/token/").content.decode()
    assert text not in listed
    assert listed.count("mlr_") == 2
    assert of_bob.prefix not in listed
    assert page.get(f"/admin/accounts/token/{of_bob.pk}/change/").status_code == 302
    own = Token.objects.get(user=ada)
    page.post("/admin/accounts/token/", {"action": "revoke", "_selected_action": [own.pk, of_bob.pk]})
    own.refresh_from_db()
    of_bob.refresh_from_db()
    assert own.revoked_at is not None
    assert of_bob.revoked_at is None


def test_those_who_are_no_administrators_see_no_accounts(ada: User, bob: User) -> None:
    page = Client()
    page.force_login(ada)
    assert "Users" not in page.get("/admin/").content.decode()
    for path in (f"user/{bob.pk}/change/", "user/", "user/add/", "team/", "team/add/"):
        assert page.get(f"/admin/accounts/{path}").status_code == 403, path
    assert page.post(f"/admin/accounts/user/{ada.pk}/change/", {"is_superuser": "on"}).status_code == 403


@pytest.mark.parametrize("name", ["user", "team", "token"])
def test_lists_cost_the_same_number_of_queries_whatever_their_length(
    page: Client, admin: User, by: Actor, name: str
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert page.get(f"/admin/accounts/{name}/").status_code == 200
        return len(asked)

    def fill(prefix: str) -> None:
        for number in range(5):
            user = people.create(username=f"{prefix}{number}", password=PASSWORD, by=by)
            token_for(user)
            Team.objects.create(name=f"{prefix}{number}")

    fill("one")
    before = cost()
    fill("two")
    assert cost() == before
