"""The record in the admin: to look at, by those who may."""

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.audit import services
from mlregistry.actor import system
from mlregistry.large_tables import CappedPaginator

pytestmark = pytest.mark.django_db
PAGE = "/admin/audit/entry/"


def sign_in(client: Client, user: User) -> None:
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])


@pytest.fixture
def auditor(client: Client) -> Client:
    with transaction.atomic():
        for number in range(3):
            services.record("tests.entry", by=system("tests"), number=number)
        services.record("tests.special", by=system("tests"))
    sign_in(client, User.objects.create_superuser("root"))
    return client


def test_entries_are_listed_and_shown(auditor: Client) -> None:
    assert auditor.get(PAGE).content.decode().count("tests.entry") == 3
    assert auditor.get(f"{PAGE}4/change/").status_code == 200


def test_entries_are_found_by_action(auditor: Client) -> None:
    page = auditor.get(PAGE, {"q": "tests.special"}).content.decode()
    assert "tests.special" in page
    assert "tests.entry" not in page


def test_nothing_can_be_added_changed_or_deleted(auditor: Client) -> None:
    assert auditor.post(f"{PAGE}add/", {}).status_code == 403
    assert auditor.post(f"{PAGE}1/change/", {"username": "mallory"}).status_code == 403
    assert auditor.post(f"{PAGE}1/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in auditor.get(PAGE).content.decode()


def test_the_list_never_counts_the_whole_table(auditor: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        auditor.get(PAGE)
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"].upper()]
    assert counts
    assert all(f"LIMIT {CappedPaginator.cap}" in sql for sql in counts)


def test_someone_without_the_permission_sees_nothing(client: Client) -> None:
    sign_in(client, User.objects.create_user("guest", is_staff=True))
    assert client.get(PAGE).status_code == 403
