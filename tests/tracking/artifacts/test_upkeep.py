"""Hashes that no upload gave, and leftovers of broken uploads."""

import hashlib
import os

import pytest
import requests
from django.test import Client

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.tracking.artifacts import upkeep
from apps.tracking.artifacts.places import run_place
from apps.tracking.artifacts.services import complete_multipart, start_multipart
from apps.tracking.artifacts.stores.base import Part
from apps.tracking.artifacts.stores.local import UPLOADS, LocalStore
from apps.tracking.artifacts.stores.s3 import S3Store
from apps.tracking.models import ArtifactFile, Experiment, Run
from mlregistry.levels import Level
from tests.tracking.artifacts.calling import as_user, get
from tests.tracking.making import make_run

pytestmark = pytest.mark.django_db
BODY = os.urandom(3_000_000)


@pytest.fixture
def run(experiment: Experiment, ada: User, s3: S3Store) -> Run:
    return make_run(experiment, ada)


@pytest.fixture
def file(run: Run, ada: User) -> ArtifactFile:
    """A file that Ada's client sent to the store itself."""
    place = run_place(ada, run.uuid, at_least=Level.EDIT)[0].below("big.bin")
    upload_id, (target,) = start_multipart(place=place, parts=1)
    etag = requests.put(target.url, data=BODY, timeout=30).headers["ETag"]
    complete_multipart(place=place, upload_id=upload_id, parts=[Part(1, etag)], by=ada.actor())
    return ArtifactFile.objects.get()


def test_a_job_is_asked_to_hash_what_did_not_pass_here(file: ArtifactFile, ada: User) -> None:
    job = Job.objects.get()

    assert (job.kind, job.payload, job.username) == ("tracking.hash_artifact", {"file": file.pk}, ada.username)
    assert file.sha256 is None


def test_the_hash_is_found_and_becomes_the_etag(file: ArtifactFile, run: Run, ada: User) -> None:
    told: list[tuple[int, int]] = []

    assert upkeep.hash_file(file_pk=file.pk, progress=lambda *done: told.append(done))

    file.refresh_from_db()
    assert file.sha256 == hashlib.sha256(BODY).hexdigest()
    assert told[-1] == (len(BODY), len(BODY))
    client: Client = as_user(ada)
    answer = get(client, f"{run.artifact_uri.removeprefix('mlflow-artifacts:/')}/big.bin")
    assert answer["ETag"] == f'"{file.sha256}"'


def test_a_file_that_was_replaced_meanwhile_is_not_hashed(file: ArtifactFile, s3: S3Store) -> None:
    s3.write(file.uri.removeprefix("mlflow-artifacts:/"), [b"another"])

    assert not upkeep.hash_file(file_pk=file.pk, progress=lambda *_: None)
    file.refresh_from_db()
    assert file.sha256 is None


def test_a_file_that_went_is_no_failure(file: ArtifactFile, s3: S3Store) -> None:
    s3.delete(file.uri.removeprefix("mlflow-artifacts:/"))

    assert not upkeep.hash_file(file_pk=file.pk, progress=lambda *_: None)
    file.delete()
    assert not upkeep.hash_file(file_pk=file.pk or 0, progress=lambda *_: None)


def test_leftovers_go_when_nobody_continued_them_for_long(store: LocalStore) -> None:
    store.write("a", [b"1"])
    fresh, old = (store.root / UPLOADS / name for name in ("fresh", "old"))
    for left in (fresh, old):
        left.write_bytes(b"half")
    os.utime(old, (1, 1))

    assert upkeep.sweep_uploads() == 1
    assert fresh.exists()
