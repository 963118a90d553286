"""Reading the files of a version: each once, all at one time, and again if something stops it."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.jobs import running
from apps.jobs.choices import State
from apps.jobs.models import Job
from apps.registry.choices import ContentState
from apps.registry.content import files
from apps.registry.models import Content, ContentFile, ModelVersion
from apps.registry.services import content
from apps.registry.services.verification import verify_content
from apps.tracking.artifacts import services
from apps.tracking.artifacts.places import Place
from apps.tracking.artifacts.seals import check_unsealed
from apps.tracking.artifacts.stores.base import ArtifactStore, Stored
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.artifacts.stores.s3 import S3Store
from apps.tracking.models import Experiment, Run, Seal
from mlregistry.errors import Busy, PermissionDenied
from tests.registry.pinning.making import BY, FILES, folder, put, read, registered, sealed
from tests.tracking.artifacts.conftest import BUCKET
from tests.tracking.making import make_experiment, make_run

pytestmark = pytest.mark.django_db


class TestReading:
    def test_reads_no_file_that_came_through_this_server(
        self, run: Run, store: LocalStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed: list[int] = []
        monkeypatch.setattr(content, "sha256_of", _counting(hashed))
        (folder(store, registered(f"{run.artifact_uri}/model")) / "put there by hand").write_bytes(b"12345")

        version = sealed(ModelVersion.objects.get())

        assert hashed == [5]
        assert version.content.files_count == 4

    def test_does_not_believe_a_hash_of_what_was_replaced(self, run: Run, store: LocalStore) -> None:
        version = registered(f"{run.artifact_uri}/model")
        (folder(store, version) / "MLmodel").write_bytes(b"flavors: []\n")

        sealed(version)

        row = ContentFile.objects.get(path="MLmodel")
        assert row.sha256 == hashlib.sha256(b"flavors: []\n").hexdigest()

    def test_starts_over_if_a_file_changed_meanwhile(
        self, run: Run, store: LocalStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version = registered(f"{run.artifact_uri}/model")
        late = folder(store, version) / "late"
        late.write_bytes(b"first")

        def change(file: Any, each: Any) -> str:
            found = files.sha256_of(file, each)
            if late.read_bytes() == b"first":
                late.write_bytes(b"second")
            return found

        monkeypatch.setattr(content, "sha256_of", change)

        sealed(version)

        assert ContentFile.objects.get(path="late").sha256 == hashlib.sha256(b"second").hexdigest()

    def test_gives_up_for_now_if_the_files_never_stand_still(
        self, run: Run, store: LocalStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version = registered(f"{run.artifact_uri}/model")
        late = folder(store, version) / "late"
        late.write_bytes(b"0")

        def change(file: Any, each: Any) -> str:
            late.write_bytes(late.read_bytes() + b"0")
            return files.sha256_of(file, each)

        monkeypatch.setattr(content, "sha256_of", change)

        with pytest.raises(Busy):
            read(version)
        assert Content.objects.get().state == ContentState.PENDING
        monkeypatch.undo()
        sealed(version)

    def test_killed_halfway_has_written_nothing_and_goes_on_when_run_again(self, run: Run, store: LocalStore) -> None:
        version = registered(f"{run.artifact_uri}/model")
        for number in range(5):
            (folder(store, version) / f"extra{number}").write_bytes(b"x" * 100)
        told: list[tuple[int, int]] = []

        def stop_in_the_middle(done: int, total: int) -> None:
            told.append((done, total))
            if done > total // 2:
                raise running.Stopped

        with pytest.raises(running.Stopped):
            content.seal_content(version_pk=version.pk, progress=stop_in_the_middle)

        assert not ContentFile.objects.exists()
        assert Content.objects.get().state == ContentState.PENDING
        assert Seal.objects.count() == 1
        sealed(version)
        assert ContentFile.objects.count() == len(FILES) + 5
        assert told

    def test_is_done_once(self, version: ModelVersion) -> None:
        before = Content.objects.values().get()

        assert read(version) == ContentState.SEALED

        assert Content.objects.values().get() == before
        assert Entry.objects.filter(action="registry.content.sealed").count() == 1

    def test_that_a_store_refuses_waits_for_the_next_day(
        self, run: Run, store: LocalStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version = registered(f"{run.artifact_uri}/model")

        def refuse(path: str) -> Stored:
            raise Busy("The artifact store is busy; try again later.")

        with monkeypatch.context() as patch:
            patch.setattr(store, "stat", refuse)
            with pytest.raises(Busy):
                read(version)
        Job.objects.update(state=State.FAILED)

        assert content.retry_unread(by=BY) == 1
        assert Job.objects.filter(state=State.QUEUED, kind=content.SEAL_JOB).count() == 1


def _counting(sizes: list[int]) -> Callable[..., str]:
    def count(file: Any, each: Any) -> str:
        sizes.append(file.stored.size)
        return files.sha256_of(file, each)

    return count


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_stands_still_after_its_last_look_is_refused_when_it_goes_on(
    run: Run, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, go_on = threading.Event(), threading.Event()
    ended: list[str] = []

    def look_and_stand_still(place: Place) -> None:
        check_unsealed(place)
        looked.set()
        go_on.wait(20)

    def write() -> None:
        try:
            put(ada, run, "model/MLmodel", b"too late")
        except PermissionDenied as refused:
            ended.append(refused.code)
        finally:
            connection.close()

    monkeypatch.setattr(services, "check_unsealed", look_and_stand_still)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert looked.wait(20)
        version = sealed(registered(f"{run.artifact_uri}/model"))
    finally:
        go_on.set()
        writer.join()

    assert ended == ["PERMISSION_DENIED"]
    assert verify_content(version=version, deep=True).differences == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["store", "s3"])
def test_uploads_that_race_with_the_reading_never_change_what_was_signed(
    request: pytest.FixtureRequest, experiment: Experiment, ada: User, kind: str
) -> None:
    """Each round: four writers replace and add files while the version is registered and read."""
    store: ArtifactStore = request.getfixturevalue(kind)
    for number in range(4):
        run = make_run(experiment, ada)
        put(ada, run, "model/a", b"first")
        stop = threading.Event()

        def write(name: str, run: Run = run, stop: threading.Event = stop) -> None:
            count = 0
            try:
                while not stop.is_set():
                    count += 1
                    put(ada, run, f"model/{name}", f"{name} {count}".encode())
            except PermissionDenied:
                pass
            finally:
                connection.close()

        writers = [threading.Thread(target=write, args=(name,)) for name in ("a", "a", "b", f"c{number}")]
        for writer in writers:
            writer.start()
        try:
            version = sealed(registered(f"{run.artifact_uri}/model", name=f"raced {number}"))
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        assert verify_content(version=version, deep=True).differences == []
        assert store.exists(f"{run.artifact_uri.removeprefix('mlflow-artifacts:/')}/model/a")


def test_what_clients_wrote_to_the_store_themselves_is_read_and_pinned(s3: S3Store, settings: Any, ada: User) -> None:
    settings.MLREGISTRY_ARTIFACT_ROOT = f"s3://{BUCKET}/direct"
    run = make_run(make_experiment(ada, "direct"), ada)
    key = f"{run.artifact_uri.removeprefix(f's3://{BUCKET}/')}/model"
    s3.client.put_object(Bucket=BUCKET, Key=f"{key}/MLmodel", Body=b"flavors: {}")

    version = sealed(registered(f"{run.artifact_uri}/model"))
    s3.client.put_object(Bucket=BUCKET, Key=f"{key}/MLmodel", Body=b"flavors: []")

    assert verify_content(version=version).differences == [{"path": "MLmodel", "how": "changed"}]
