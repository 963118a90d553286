"""Signing in and out on the page, the closed sign-up, and one's own password."""

import re

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Entry
from tests.accounts.conftest import PASSWORD, basic, bearer, token_for


def sign_in(client: Client, username: str = "ada", password: str = PASSWORD, **more: str) -> int:
    return client.post("/accounts/login/", {"login": username, "password": password} | more).status_code


def test_the_page_signs_in_and_out_and_both_are_on_record(client: Client, ada: User) -> None:
    page = client.get("/accounts/login/")
    assert page.status_code == 200
    assert sign_in(client) == 302
    assert client.get("/api/v1/me").json()["username"] == "ada"
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/api/v1/me").status_code == 401
    actions = Entry.objects.filter(action__startswith="accounts.sign_in").values_list("action", "username", "address")
    assert list(actions) == [
        ("accounts.sign_in.succeed", "ada", "127.0.0.1"),
        ("accounts.sign_in.end", "ada", "127.0.0.1"),
    ]


def test_the_admin_asks_for_the_same_sign_in_and_comes_back(client: Client, ada: User) -> None:
    asked = client.get("/admin/", follow=True)
    assert asked.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"
    landed = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD, "next": "/admin/"})
    assert landed["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_after_signing_in_the_front_page_is_the_admin(client: Client, ada: User) -> None:
    landed = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD}, follow=True)
    assert landed.status_code == 200
    assert landed.redirect_chain[-1][0] == "/admin/"


def test_the_next_page_is_never_another_site(client: Client, ada: User) -> None:
    landed = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD, "next": "https://evil.example/"})
    assert landed["Location"] == "/"


@pytest.mark.parametrize("method", ["get", "post"])
def test_sign_up_is_closed(client: Client, db: None, method: str) -> None:
    form = {"username": "mallory", "password1": PASSWORD, "password2": PASSWORD}
    answer = getattr(client, method)("/accounts/signup/", form)
    assert "Sign-up is closed" in answer.content.decode()
    assert not User.objects.exists()


def test_the_forms_refuse_a_post_without_the_csrf_token(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client) == 403
    client.force_login(ada)
    for path in ("/accounts/logout/", "/accounts/password/change/", "/admin/logout/"):
        assert client.post(path).status_code == 403, path


def test_ten_failures_close_the_page_for_that_name(client: Client, ada: User, bob: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in(client, password="wrong wrong wrong") == 200
    closed = client.post("/accounts/login/", {"login": "ada", "password": "wrong wrong wrong"})
    assert closed.status_code == 429
    assert "Too many failed attempts" in closed.content.decode()
    assert sign_in(client) == 429
    assert sign_in(client, "ADA") == 429
    assert sign_in(client, "bob") == 302
    assert Entry.objects.filter(action="accounts.sign_in.fail").count() == settings.AXES_FAILURE_LIMIT
    assert Entry.objects.filter(action="accounts.sign_in.lock_out").count() == 1


def test_page_and_basic_share_the_count(client: Client, ada: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT // 2):
        sign_in(client, password="wrong wrong wrong")
        client.get("/api/v1/me", headers=basic("ada", "wrong wrong wrong"))
    assert sign_in(client) == 429


def test_a_service_account_cannot_sign_in_on_the_page(client: Client, robot: User) -> None:
    assert sign_in(client, "robot", "!") == 200
    assert client.get("/api/v1/me").status_code == 401


def test_an_account_that_is_switched_off_stays_out(client: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})["Location"] == "/accounts/inactive/"
    assert client.get("/accounts/inactive/").status_code == 200
    assert client.get("/api/v1/me").status_code == 401


def test_people_change_their_own_password_by_the_rules_and_on_record(client: Client, ada: User) -> None:
    client.force_login(ada)
    other = Client()
    other.force_login(ada)

    def change(old: str, new: str) -> int:
        form = {"oldpassword": old, "password1": new, "password2": new}
        return client.post("/accounts/password/change/", form).status_code

    _, token = token_for(ada)
    for refused in ("", "short", "12345678901234", "megaparol12345", " " * 14, token):
        assert change(PASSWORD, refused) == 200, refused
    assert change("not the old one", "a new long phrase") == 200
    assert change(PASSWORD, "a new long phrase") == 302
    assert client.get("/api/v1/me").status_code == 200
    assert other.get("/api/v1/me").status_code == 401
    assert client.get("/api/v1/me", headers=bearer(token)).status_code == 200
    assert Entry.objects.filter(action="accounts.person.set_password", username="ada").count() == 1


def test_the_admins_own_password_page_is_ours(client: Client, ada: User) -> None:
    client.force_login(ada)
    new = "another long phrase"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    for answer in (client.get("/admin/password_change/"), client.post("/admin/password_change/", form)):
        assert answer["Location"] == "/accounts/password/change/"
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/accounts/inactive/", "/api/docs/"])
def test_pages_run_nothing_inline_and_say_so(client: Client, ada: User, path: str) -> None:
    if path == "/api/docs/":
        client.force_login(ada)
    page = client.get(path)
    assert page.status_code == 200
    policy = page["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    html = page.content.decode()
    assert not re.search(r"<script(?![^>]*src=)[^>]*>\s*\S|<style|\sstyle=|\son\w+=|javascript:", html)
    assert not re.search(r"(src|href)=[\"'](https?:)?//", html)


def test_every_field_has_its_label(client: Client, db: None) -> None:
    html = client.get("/accounts/login/").content.decode()
    fields = re.findall(r"<input(?=[^>]*\bid=\"(id_\w+)\")", html)
    assert {"id_login", "id_password"} <= set(fields)
    for field in fields:
        assert f'for="{field}"' in html


def test_static_files_are_served(client: Client, db: None) -> None:
    assert finders.find("mlregistry/site.css")
