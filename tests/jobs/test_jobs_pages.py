"""Jobs on pages: one's own for everybody, all for administrators; how far they are, and verifying the record."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit import triggers
from apps.audit.models import Entry
from apps.jobs import running, services, verification
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.jobs.pages.jobs import started
from mlregistry.actor import Actor, system

pytestmark = pytest.mark.django_db
HOSTILE = "<script>window.fired = 1</script>"


def at_pages(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def eve() -> User:
    return User.objects.create_user("eve", is_staff=True)


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", is_staff=True)


@pytest.fixture
def of_eve(eve: User) -> Job:
    return services.enqueue(kind="tests.some_kind", payload={}, by=eve.actor())


def change(job: Job, **fields: Any) -> None:
    Job.objects.filter(pk=job.pk).update(**fields)


def test_people_see_their_own_jobs_and_administrators_all(root: User, eve: User, bob: User, of_eve: Job) -> None:
    path = f"/admin/jobs/{of_eve.pk}/"
    for user, sees in ((root, True), (eve, True), (bob, False)):
        page = at_pages(user)
        assert ("Tests: some kind" in page.get("/admin/jobs/").content.decode()) is sees
        assert page.get(path).status_code == (200 if sees else 404)
        assert page.get(f"/admin/jobs/{10**30}/").status_code == 404


def test_a_job_polls_while_it_is_under_way_and_then_stops(eve: User, of_eve: Job) -> None:
    page, path = at_pages(eve), f"/admin/jobs/{of_eve.pk}/"
    change(of_eve, state=State.RUNNING, done=3, total=12, message=HOSTILE)
    html = page.get(path).content.decode()
    assert 'value="25"' in html
    assert "3 of 12" in html
    assert f'hx-get="{path}"' in html
    assert HOSTILE not in html
    part = page.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "hx-get" in part
    change(of_eve, state=State.SUCCEEDED, result={"removed": 4, "left": ["a"]})
    ended = page.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in ended
    assert "removed" in ended


@pytest.mark.parametrize("state", State)
def test_in_every_state_a_job_leads_back_to_where_it_was_asked_for(eve: User, of_eve: Job, state: State) -> None:
    change(of_eve, state=state, payload={"address": "/admin/experiments/7/?sort=a&size=100"})
    told = at_pages(eve).get(f"/admin/jobs/{of_eve.pk}/").content.decode()
    assert 'href="/admin/experiments/7/?sort=a&amp;size=100"' in told


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/accounts/"])
def test_a_job_leads_back_to_pages_of_ours_only(eve: User, of_eve: Job, address: str) -> None:
    change(of_eve, state=State.SUCCEEDED, payload={"address": address})
    told = at_pages(eve).get(f"/admin/jobs/{of_eve.pk}/").content.decode()
    assert f'href="{address}"' not in told
    assert "Back to where" not in told


def test_a_failed_job_says_why_and_needs_whoever_asked_for_it(root: User, eve: User, bob: User, of_eve: Job) -> None:
    change(of_eve, state=State.FAILED, error=f"ValueError: {HOSTILE}", log="x" * 30_000, finished_at=timezone.now())
    page = at_pages(eve).get(f"/admin/jobs/{of_eve.pk}/").content.decode()
    assert "ValueError" in page
    assert HOSTILE not in page
    assert len(page) < 60_000
    assert "Tests: some kind failed" in at_pages(eve).get("/admin/").content.decode()
    assert "some kind failed" not in at_pages(bob).get("/admin/").content.decode()
    assert "Failed jobs" in at_pages(root).get("/admin/").content.decode()


def test_a_job_is_cancelled_by_whoever_asked_and_by_administrators(
    root: User, eve: User, bob: User, of_eve: Job
) -> None:
    path = f"/admin/jobs/{of_eve.pk}/cancel/"
    assert at_pages(bob).post(path).status_code == 404
    assert at_pages(eve).post(path).status_code == 303
    of_eve.refresh_from_db()
    assert of_eve.state == State.CANCELLED
    assert at_pages(root).post(path).status_code == 400
    assert Entry.objects.get(action="jobs.cancel").username == "eve"


def test_the_list_is_narrowed_by_state_paged_and_takes_as_many_queries(root: User, eve: User, of_eve: Job) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page.get("/admin/jobs/").status_code == 200
        return len(captured)

    page = at_pages(root)
    few = queries()
    Job.objects.bulk_create(Job(kind="more", payload={}, state=State.SUCCEEDED, username="eve") for _ in range(60))
    assert queries() == few
    first = page.get("/admin/jobs/")
    assert len(first.context["rows"]) == 50
    assert len(page.get("/admin/jobs/", {"page": first.context["next"]}).context["rows"]) == 11
    assert len(page.get("/admin/jobs/", {"state": "queued"}).context["rows"]) == 1
    assert len(page.get("/admin/jobs/", {"state": "made up"}).context["rows"]) == 50


def test_who_starts_work_is_led_to_its_page(rf: RequestFactory, of_eve: Job) -> None:
    assert started(rf.post("/"), of_eve)["Location"] == f"/admin/jobs/{of_eve.pk}/"


def test_the_record_is_verified_as_a_job_that_the_audit_page_tells_of(root: User) -> None:
    with transaction.atomic():
        for number in range(3):
            audit.record("tests.entry", by=system("tests"), number=number)
    page = at_pages(root)
    assert "Nobody has asked for it" in page.get("/admin/audit/").content.decode()
    answer = page.post("/admin/audit/verify/")
    job = Job.objects.get(kind=verification.VERIFY_JOB)
    assert answer["Location"] == f"/admin/jobs/{job.pk}/"
    assert page.get(answer["Location"]).context["origin"] == "/admin/audit/"
    assert page.post("/admin/audit/verify/")["Location"] == f"/admin/jobs/{job.pk}/"
    assert "being walked" in page.get("/admin/audit/").content.decode()
    result = verification.verify_record(running.RunningJob(_running(job)))
    assert (result["verdict"], result["entries"]) == ("unbroken", 4)
    change(job, state=State.SUCCEEDED, result=result, finished_at=timezone.now())
    assert "4 entries" in page.get("/admin/audit/").content.decode()


def test_where_the_chain_is_broken_is_said_with_the_way_there(root: User) -> None:
    with transaction.atomic():
        for number in range(3):
            audit.record("tests.entry", by=system("tests"), number=number)
    triggers.remove(connection)
    Entry.objects.filter(pk=2).update(username="mallory")
    job = verification.request_verification(address="", by=root.actor())
    result = verification.verify_record(running.RunningJob(_running(job)))
    assert (result["verdict"], result["entry"]) == ("broken", 2)
    change(job, state=State.SUCCEEDED, result=result, finished_at=timezone.now())
    html = at_pages(root).get("/admin/audit/").content.decode()
    assert "Entry 2 (tests.entry) was changed" in html
    assert 'href="/admin/audit/2/"' in html
    assert at_pages(root).get("/admin/audit/2/").context["is_sealed"] is False


def _running(job: Job) -> Job:
    claimed = services.claim(job_id=job.pk)
    assert claimed is not None
    return claimed


def test_jobs_of_the_server_itself_are_for_administrators(root: User, bob: User, ada: Actor) -> None:
    services.enqueue(kind="tracking.gc", payload={}, by=system("schedule"))
    assert "Tracking: gc" in at_pages(root).get("/admin/jobs/").content.decode()
    assert "No jobs yet" in at_pages(bob).get("/admin/jobs/").content.decode()
