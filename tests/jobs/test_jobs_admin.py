"""Jobs in the admin: to look at, and to cancel."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.jobs import services
from apps.jobs.choices import State
from apps.jobs.models import Job
from mlregistry.actor import Actor

pytestmark = pytest.mark.django_db
PAGE = "/admin/jobs/job/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"), backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


@pytest.fixture
def job(ada: Actor) -> Job:
    return services.enqueue(kind="tests.kind", payload={"number": 1}, by=ada)


def test_jobs_are_listed_found_and_shown(admin: Client, job: Job) -> None:
    assert "tests.kind" in admin.get(PAGE).content.decode()
    assert "tests.kind" in admin.get(PAGE, {"q": "ada"}).content.decode()
    assert ">tests.kind<" not in admin.get(PAGE, {"q": "nobody"}).content.decode()
    assert admin.get(f"{PAGE}{job.pk}/change/").status_code == 200


def test_waiting_jobs_can_be_cancelled_and_ended_ones_stay(admin: Client, job: Job, ada: Actor) -> None:
    ended = services.enqueue(kind="tests.kind", payload={}, by=ada)
    Job.objects.filter(pk=ended.pk).update(state=State.SUCCEEDED)
    answer = admin.post(PAGE, {"action": "cancel", "_selected_action": [job.pk, ended.pk]}, follow=True)
    assert f"Job {ended.pk} has ended already." in answer.content.decode()
    job.refresh_from_db()
    ended.refresh_from_db()
    assert (job.state, ended.state) == (State.CANCELLED, State.SUCCEEDED)
    assert Entry.objects.get(action="jobs.cancel").username == "root"


def test_who_may_only_look_cannot_cancel(client: Client, job: Job) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(*_permissions("view_job"))
    client.force_login(viewer, backend=settings.AUTHENTICATION_BACKENDS[-1])
    assert "tests.kind" in client.get(PAGE).content.decode()
    client.post(PAGE, {"action": "cancel", "_selected_action": [job.pk]})
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_nothing_can_be_added_changed_or_deleted(admin: Client, job: Job) -> None:
    assert admin.post(f"{PAGE}add/", {}).status_code == 403
    assert admin.post(f"{PAGE}{job.pk}/change/", {"state": "succeeded"}).status_code == 403
    assert admin.post(f"{PAGE}{job.pk}/delete/", {"post": "yes"}).status_code == 403


def _permissions(codename: str) -> list[Permission]:
    return list(Permission.objects.filter(codename=codename))
