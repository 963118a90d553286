"""My account: my tokens, shown once; what the pages remember for me."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import preferences
from apps.accounts.models import Token, User
from apps.accounts.services import tokens
from mlregistry.actor import Actor
from mlregistry.console import registry
from tests.accounts.conftest import bearer, token_for

MAKE = "/admin/account/tokens/"
FORM = {"name": "my notebook", "scope": "write", "expires": "30"}


def test_a_token_is_shown_once_with_the_lines_to_copy_and_signs_in(ada_page: Client, ada: User) -> None:
    made = ada_page.post(MAKE, FORM)
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    shown, text = made.content.decode(), made.context["text"]
    assert "export MLFLOW_TRACKING_URI=http://testserver\n" in shown
    assert f"export MLFLOW_TRACKING_TOKEN={text}" in shown
    assert Client().get("/api/v1/me", headers=bearer(text)).json()["username"] == "ada"
    assert text not in ada_page.get("/admin/account/").content.decode()
    ends = Token.objects.get().expires_at
    assert ends is not None
    assert timedelta(days=30) <= ends - timezone.now() < timedelta(days=31)


def test_a_token_may_never_end(ada_page: Client, ada: User) -> None:
    assert ada_page.post(MAKE, FORM | {"expires": "0"}).status_code == 200
    assert Token.objects.get().expires_at is None


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 101}, {"scope": "root"}, {"expires": "-1"}])
def test_what_is_no_token_is_refused_in_words(ada_page: Client, ada: User, wrong: dict[str, str]) -> None:
    assert ada_page.post(MAKE, FORM | wrong).status_code == 400
    assert not Token.objects.exists()


def test_tokens_are_made_for_ones_service_accounts_and_for_nobody_else(
    ada_page: Client, bob_page: Client, root_page: Client, robot: User, bob: User
) -> None:
    assert ada_page.post(MAKE, FORM | {"user": "robot"}).status_code == 200
    assert Token.objects.get().user == robot
    assert bob_page.post(MAKE, FORM | {"user": "robot"}).status_code == 404
    assert ada_page.post(MAKE, FORM | {"user": "bob"}).status_code == 404
    assert ada_page.post(MAKE, FORM | {"user": "no\0body"}).status_code == 404
    assert root_page.post(MAKE, FORM | {"user": "bob"}).context["back"] == f"/admin/people/{bob.pk}/"


def test_ones_own_tokens_are_revoked_and_others_are_not_there(
    ada_page: Client, root_page: Client, ada: User, bob: User, robot: User
) -> None:
    (mine, text), (programs, _), (others, _) = token_for(ada), token_for(robot), token_for(bob)
    assert ada_page.post(f"/admin/account/tokens/{others.pk}/revoke/").status_code == 404
    for token in (mine, programs):
        assert ada_page.post(f"/admin/account/tokens/{token.pk}/revoke/")["Location"] == "/admin/account/"
    assert Client().get("/api/v1/me", headers=bearer(text)).status_code == 401
    assert list(Token.objects.filter(revoked_at=None)) == [others]
    answer = root_page.post(f"/admin/account/tokens/{others.pk}/revoke/")
    assert answer["Location"] == f"/admin/people/{bob.pk}/"


def test_an_administrators_account_shows_her_own_tokens_and_not_everybodys(
    root_page: Client, admin: User, bob: User
) -> None:
    token_for(bob, name="bobs notebook")
    token_for(admin, name="my own")
    shown = root_page.get("/admin/account/").content.decode()
    assert "my own" in shown
    assert "bobs notebook" not in shown


def test_preferences_are_remembered_and_forgotten_where_they_are_the_usual(ada_page: Client, ada: User) -> None:
    names = registry.panel_names("home")
    path = "/admin/account/preferences/"
    assert ada_page.post(path, {"rows": "25", "home": names[1:]}).status_code == 303
    assert (preferences.rows_per_page(ada), preferences.hidden_panels(ada)) == (25, names[:1])
    assert ada_page.post(path, {"rows": "50", "home": names}).status_code == 303
    assert not ada.preferences.exists()
    assert ada_page.post(path, {"rows": "7", "home": names}).status_code == 400
    assert ada_page.post(path, {"rows": "100", "home": ["made up"]}).status_code == 303
    assert set(preferences.hidden_panels(ada)) == set(names)
    assert "An empty home" in ada_page.get("/admin/").content.decode()


def test_rows_per_page_are_what_the_lists_take(root_page: Client, admin: User) -> None:
    for number in range(30):
        User.objects.create(username=f"more{number:02}")
    preferences.remember(user=admin, key=preferences.ROWS_PER_PAGE, value=25)
    assert len(root_page.get("/admin/people/").context["page"].rows) == 25


def test_a_token_about_to_end_needs_its_user_until_it_is_gone(
    ada_page: Client, bob_page: Client, ada: User, bob: User, by: Actor
) -> None:
    soon, late = timezone.now() + timedelta(days=3, minutes=1), timezone.now() + timedelta(days=40)
    ending, _ = tokens.create(user=ada, name="nightly", scope="write", expires_at=soon, by=by)
    tokens.create(user=ada, name="yearly", scope="write", expires_at=late, by=by)
    home = ada_page.get("/admin/").content.decode()
    assert "Token nightly ends in 3 d" in home
    assert "1 thing needs you" in home
    assert "yearly" not in home
    assert "Nothing waits for you" in bob_page.get("/admin/").content.decode()
    tokens.revoke(token=ending, by=by)
    assert "nightly" not in ada_page.get("/admin/").content.decode()


def test_the_forms_refuse_a_post_without_the_csrf_token(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    for path in (MAKE, "/admin/account/preferences/", "/admin/account/tokens/1/revoke/"):
        assert client.post(path, FORM).status_code == 403
