"""The list of notices, the bell and the choices, as a browser gets them; and the same by the native API."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import tokens
from apps.governance.announcing import Event
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.notices.choices import Way
from apps.notices.models import Notice
from apps.notices.queries.preferences import choices_of
from apps.registry.models import ModelVersion
from mlregistry.levels import Level
from tests.governance.making import ask, reject
from tests.registry.making import give

pytestmark = pytest.mark.django_db


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


def api_of(user: User, scope: str = "write") -> Client:
    _, secret = tokens.create(user=user, name="test", scope=scope, by=user.actor())
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def asked(ada: User, rita: User, version: ModelVersion, one: PolicyRevision) -> ChangeRequest:
    return ask(ada, version)


def shown(user: User, query: str = "") -> str:
    answer = page_of(user).get(f"/admin/notices/{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_notice_leads_to_its_request(asked: ChangeRequest, rita: User) -> None:
    page = shown(rita)
    assert f'<a class="title" href="/admin/reviews/{asked.pk}/"><bdi>Needs your vote: {asked.summary}</bdi></a>' in page
    assert f'hx-post="/admin/notices/{Notice.objects.get(person=rita).pk}/read/"' in page
    assert page_of(rita).get(f"/admin/reviews/{asked.pk}/").status_code == 200


def test_nobody_sees_the_notices_of_others(asked: ChangeRequest, rita: User, ada: User, root: User) -> None:
    notice = Notice.objects.get(person=rita)
    for other in (ada, root):
        assert "Needs your vote" not in shown(other)
        assert page_of(other).post(f"/admin/notices/{notice.pk}/read/").status_code == 404
        assert api_of(other).get(f"/api/v1/notices/{notice.pk}").status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_who_may_no_longer_read_the_model_sees_nothing_of_it(
    asked: ChangeRequest, rita: User, version: ModelVersion
) -> None:
    give(rita, version.model, Level.NO_PERMISSIONS)
    assert asked.summary not in shown(rita)
    assert "count" not in page_of(rita).get("/admin/notices/bell/").content.decode()
    assert api_of(rita).get("/api/v1/notices").json()["results"] == []


def test_the_bell_counts_what_is_unread(asked: ChangeRequest, rita: User) -> None:
    bell = page_of(rita).get("/admin/notices/bell/").content.decode()
    assert '<span class="count">1</span>' in bell
    Notice.objects.bulk_create(
        Notice(person=rita, request=asked, event="commented", distinct=str(number), made_at=asked.opened_at)
        for number in range(150)
    )
    assert '<span class="count">99+</span>' in page_of(rita).get("/admin/notices/bell/").content.decode()
    page_of(rita).post("/admin/notices/read/", {"event": "commented"})
    assert '<span class="count">1</span>' in page_of(rita).get("/admin/notices/bell/").content.decode()


def test_what_is_unread_comes_first(asked: ChangeRequest, ada: User, rita: User, version: ModelVersion) -> None:
    reject(asked, rita)
    again = ask(ada, version)
    Notice.objects.filter(person=rita, request=again).update(read_at=again.opened_at)
    Notice.objects.filter(person=rita, request=asked).update(read_at=None)
    page = shown(rita)
    assert page.index(f'href="/admin/reviews/{asked.pk}/"') < page.index(f'href="/admin/reviews/{again.pk}/"')
    assert f'href="/admin/reviews/{again.pk}/"' not in shown(rita, "?which=unread")
    assert "Nothing of that kind" in shown(rita, "?event=stale")


def test_a_row_is_written_anew_once_it_is_read(asked: ChangeRequest, rita: User) -> None:
    notice = Notice.objects.get(person=rita)
    answer = page_of(rita).post(f"/admin/notices/{notice.pk}/read/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer["HX-Trigger"] == "notices-read"
    assert "Mark read" not in answer.content.decode()
    notice.refresh_from_db()
    first = notice.read_at
    assert first is not None
    answer = page_of(rita).post(f"/admin/notices/{notice.pk}/read/", {"which": "unread", "event": "needs_you"})
    assert answer["Location"] == "/admin/notices/?which=unread&event=needs_you"
    notice.refresh_from_db()
    assert notice.read_at == first


def test_what_a_list_is_narrowed_to_is_never_taken_as_it_is_given(asked: ChangeRequest, rita: User) -> None:
    for wrong in ("?which=\0&event=\0", "?event=" + "x" * 5000, "?page=nonsense"):
        assert page_of(rita).get(f"/admin/notices/{wrong}").status_code in (200, 400)
    assert page_of(rita).post("/admin/notices/read/", {"event": "//evil.example"})["Location"] == "/admin/notices/"
    assert page_of(rita).post(f"/admin/notices/{10**30}/read/").status_code == 404


def test_pages_that_are_empty_say_why(ada: User, rita: User, asked: ChangeRequest) -> None:
    assert "Nobody has told you anything yet" in shown(ada)
    page_of(rita).post("/admin/notices/read/")
    assert "All read" in shown(rita, "?which=unread")


def test_choices_are_kept_where_they_differ_and_a_word_that_is_none_is_ignored(rita: User) -> None:
    ticked = [f"{event.value}.{way.value}" for event, ways in choices_of(rita).items() for way in ways]
    ticked.remove("needs_you.email")
    client = page_of(rita)
    assert client.post("/admin/account/notices/choose/", {"told": [*ticked, "no.such", "\0"]}).status_code == 303
    assert choices_of(rita)[Event.NEEDS_YOU] == {Way.APP}
    assert rita.remembered("notices") == {"needs_you": ["app"]}
    assert 'value="needs_you.email">' in client.get("/admin/account/notices/").content.decode()
    client.post("/admin/account/notices/choose/", {"told": [*ticked, "needs_you.email"]})
    assert rita.remembered("notices") is None


def test_the_api_lists_narrows_and_marks(asked: ChangeRequest, rita: User) -> None:
    client = api_of(rita)
    (notice,) = client.get("/api/v1/notices?event__in=needs_you,stale&read_at__isnull=true").json()["results"]
    assert notice["change_request"] == asked.pk
    assert notice["address"].endswith(f"/admin/reviews/{asked.pk}/")
    assert client.get("/api/v1/notices?event=stale").json()["results"] == []
    assert len(client.get(f"/api/v1/notices?request__id={asked.pk}").json()["results"]) == 1
    assert client.get("/api/v1/notices?request__id=987654").json()["results"] == []
    for wrong in ("event=nonsense", "event__in=a%00b", "request__id=a"):
        assert client.get(f"/api/v1/notices?{wrong}").status_code == 400, wrong
    for none in ("request__id=1.5", f"request__id={10**30}"):
        assert client.get(f"/api/v1/notices?{none}").status_code in (200, 400), none
    assert client.post(f"/api/v1/notices/{notice['id']}/read").json()["read_at"]
    assert client.post("/api/v1/notices/read-all").json() == {"read": 0}


def test_a_token_that_only_reads_marks_nothing(asked: ChangeRequest, rita: User) -> None:
    client = api_of(rita, "read")
    assert client.get("/api/v1/notices").status_code == 200
    assert client.post("/api/v1/notices/read-all").status_code == 403
    assert client.put("/api/v1/notices/preferences", {"choices": []}, "application/json").status_code == 403


@pytest.mark.parametrize(
    "wrong", [{}, {"choices": [{"event": "nonsense", "ways": []}]}, {"choices": [{"event": "opened", "ways": ["fax"]}]}]
)
def test_choices_by_the_api_are_checked(wrong: dict[str, Any], rita: User) -> None:
    client = api_of(rita)
    assert client.put("/api/v1/notices/preferences", wrong, "application/json").status_code == 400
    right = {"choices": [{"event": "opened", "ways": ["email"]}]}
    answer = client.put("/api/v1/notices/preferences", right, "application/json").json()
    assert {"event": "opened", "ways": ["email"]} in answer["choices"]
    assert answer == client.get("/api/v1/notices/preferences").json()
