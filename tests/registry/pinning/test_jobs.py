"""The registry's jobs, run as the worker runs them."""

from datetime import timedelta

import pytest

from apps.jobs import running
from apps.jobs import services as jobs
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.jobs.registry import SCHEDULE
from apps.registry.choices import ContentState
from apps.registry.models import Content, ModelVersion
from apps.registry.services import content
from apps.registry.tasks import VERIFY_JOB
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.models import Run
from tests.registry.pinning.making import BY, folder, registered


@pytest.mark.django_db(transaction=True)
class TestTheJob:
    def test_is_asked_for_once_and_does_it(self, run: Run) -> None:
        version = registered(f"{run.artifact_uri}/model")
        content.register_content(version=version, by=BY)
        (job,) = Job.objects.filter(kind=content.SEAL_JOB)

        running.run(job.pk)

        job.refresh_from_db()
        assert (job.state, job.result) == (State.SUCCEEDED, {"state": "sealed"})
        assert Content.objects.get().state == ContentState.SEALED

    def test_that_is_stopped_is_finished_by_the_next_worker(self, run: Run) -> None:
        registered(f"{run.artifact_uri}/model")
        (job,) = Job.objects.filter(kind=content.SEAL_JOB)
        running.stopping.set()
        running.run(job.pk)
        running.stopping.clear()
        job.refresh_from_db()
        assert (job.state, Content.objects.get().state) == (State.QUEUED, ContentState.PENDING)

        running.run(job.pk)

        assert Content.objects.get().state == ContentState.SEALED

    def test_verifies_every_version_each_day(self, version: ModelVersion, store: LocalStore) -> None:
        assert SCHEDULE[VERIFY_JOB] == timedelta(days=1)
        (folder(store, version) / "MLmodel").unlink()
        job = jobs.enqueue(kind=VERIFY_JOB, payload={}, by=BY)

        running.run(job.pk)

        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.error
        assert job.result == {
            "verified": 1,
            "drifted": 1,
            "failed": 0,
            "drifted_versions": ["fraud version 1"],
            "failed_versions": [],
            "asked_to_read": 0,
        }
        assert "fraud version 1 differs" in job.log
