"""Pinning: what is sealed, read and signed when a version is registered, and what cannot be."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.registry.choices import DELETED, ContentState
from apps.registry.models import Content, ContentFile, ModelVersion
from apps.registry.services import content
from apps.registry.services.verification import verify_content
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.artifacts.stores.s3 import S3Store
from apps.tracking.choices import Lifecycle
from apps.tracking.models import Experiment, Run, Seal
from mlregistry.errors import PermissionDenied
from tests.registry.pinning.making import BY, FILES, folder, put, read, registered, sealed
from tests.tracking.making import make_run

pytestmark = pytest.mark.django_db
KEYS = "/.well-known/mlregistry-keys.json"


def recorded(action: str) -> list[Any]:
    return list(Entry.objects.filter(action=f"registry.content.{action}").values_list("details", flat=True))


class TestAVersion:
    def test_has_every_file_with_size_and_hash(self, version: ModelVersion) -> None:
        found = {row.path: (row.size, row.sha256) for row in version.content.files.all()}

        assert found == {path: (len(body), hashlib.sha256(body).hexdigest()) for path, body in FILES.items()}
        assert version.content.state == ContentState.SEALED
        assert (version.content.files_count, version.content.size) == (3, sum(map(len, FILES.values())))
        assert version.content.sealed_at

    def test_has_a_digest_and_a_signature_that_anybody_can_check_without_this_code(
        self, version: ModelVersion, client: Client
    ) -> None:
        manifest = json.dumps(
            [
                {"path": path, "sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
                for path, body in sorted(FILES.items())
            ],
            separators=(",", ":"),
        ).encode()
        digest = hashlib.sha256(manifest).hexdigest()
        statement = (
            f'{{"creation_time":{version.creation_time},"digest":"{digest}","model":{version.model_id},'
            f'"purpose":"mlregistry version content 1","version":{version.version}}}'
        ).encode()
        (key,) = [key for key in client.get(KEYS).json()["keys"] if key["kid"] == version.content.key_id]
        public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))

        assert version.content.digest == digest
        public.verify(base64.b64decode(version.content.signature), statement)
        for position in range(0, len(statement), 7):
            flipped = bytearray(statement)
            flipped[position] ^= 1
            with pytest.raises(InvalidSignature):
                public.verify(base64.b64decode(version.content.signature), bytes(flipped))

    def test_is_recorded_with_its_digest(self, version: ModelVersion) -> None:
        assert recorded("sealed") == [
            {
                "digest": version.content.digest,
                "files": 3,
                "size": version.content.size,
                "key": version.content.key_id,
            }
        ]

    def test_is_sealed_from_the_moment_it_is_registered(self, run: Run, ada: User) -> None:
        registered(f"{run.artifact_uri}/model")

        with pytest.raises(PermissionDenied):
            put(ada, run, "model/model.pkl", b"other weights")
        put(ada, run, "notes.txt", b"beside it")

    def test_of_one_file_is_pinned_too(self, run: Run) -> None:
        version = sealed(registered(f"{run.artifact_uri}/model/model.pkl"))

        (row,) = version.content.files.all()
        assert (row.path, row.sha256) == ("model.pkl", hashlib.sha256(FILES["model.pkl"]).hexdigest())
        assert verify_content(version=version, deep=True).state == ContentState.SEALED

    def test_of_the_same_files_again_has_the_same_digest_and_a_signature_of_its_own(
        self, version: ModelVersion, other: Callable[[], ModelVersion]
    ) -> None:
        again = other()

        assert again.content.digest == version.content.digest
        assert again.content.signature != version.content.signature

    def test_on_s3_is_pinned_the_same_way(self, s3: S3Store, experiment: Experiment, ada: User) -> None:
        run = make_run(experiment, ada)
        for path, body in FILES.items():
            put(ada, run, f"model/{path}", body)

        version = sealed(registered(f"{run.artifact_uri}/model"))

        assert {row.path for row in version.content.files.all()} == set(FILES)
        assert verify_content(version=version, deep=True).differences == []


class TestWhatCannotBePinned:
    def unreadable(self, location: str) -> str:
        version = registered(location)
        assert read(version) == ContentState.UNREADABLE
        found = Content.objects.get(version=version)
        assert not found.files.exists()
        assert (found.digest, found.signature) == ("", "")
        return found.message

    @pytest.mark.parametrize("location", ["s3://theirs/model", "dbfs:/model", "hdfs://cluster/model"])
    def test_lies_in_another_store(self, store: LocalStore, location: str) -> None:
        assert self.unreadable(location).startswith(f"This server does not read artifacts at '{location}'")

    def test_names_no_files(self, store: LocalStore) -> None:
        assert self.unreadable("") == "This version names no files."

    def test_has_no_files_and_holds_none(self, run: Run, ada: User) -> None:
        location = f"{run.artifact_uri}/later"
        assert self.unreadable(location) == f"There are no files at {location}."
        assert not Seal.objects.exists()
        put(ada, run, "later/a", b"now there is one")

    def test_belongs_to_nobody(self, run: Run, store: LocalStore) -> None:
        store.write("nobodys/model/a", [b"1"])
        assert "belong to no experiment" in self.unreadable("mlflow-artifacts:/nobodys/model")

    def test_is_all_of_an_experiment(self, run: Run, experiment: Experiment) -> None:
        assert "all that an experiment has" in self.unreadable(experiment.artifact_location)

    def test_is_being_deleted_for_good(self, run: Run) -> None:
        Run.objects.update(lifecycle_stage=Lifecycle.PURGING)
        assert "belong to no experiment, run or logged model that is there" in self.unreadable(run.artifact_uri)

    def test_has_a_name_that_no_manifest_can_list(self, run: Run, store: LocalStore) -> None:
        broken = bytes(store.root / run.artifact_uri.removeprefix("mlflow-artifacts:/") / "model") + b"/\xff"
        Path(broken.decode("utf-8", "surrogateescape")).write_bytes(b"1")
        assert "\\udcff is not UTF-8" in self.unreadable(f"{run.artifact_uri}/model")

    def test_is_not_served_here(self, run: Run, settings: Any) -> None:
        settings.MLREGISTRY_SERVE = "no-artifacts"
        assert "MLREGISTRY_SERVE is no-artifacts" in self.unreadable(f"{run.artifact_uri}/model")

    def test_is_tried_again_when_asked(self, run: Run, ada: User) -> None:
        version = registered(f"{run.artifact_uri}/later")
        read(version)
        put(ada, run, "later/a", b"now there is one")

        found = sealed(version).content

        assert (found.state, found.message, found.files_count) == (ContentState.SEALED, "", 1)


class TestDeletingAVersion:
    def test_lets_its_files_go(self, version: ModelVersion, run: Run, ada: User) -> None:
        content.release_content(version=version, by=ada.actor())

        put(ada, run, "model/model.pkl", b"other weights")
        assert Entry.objects.get(action="registry.content.released").username == "ada"
        content.release_content(version=version, by=ada.actor())
        assert Entry.objects.filter(action="registry.content.released").count() == 1

    def test_lets_no_files_go_that_another_version_needs(
        self, version: ModelVersion, other: Callable[[], ModelVersion], run: Run, ada: User
    ) -> None:
        other()
        content.release_content(version=version, by=BY)

        with pytest.raises(PermissionDenied):
            put(ada, run, "model/model.pkl", b"other weights")

    def test_before_its_files_were_read_leaves_nothing_to_do(self, run: Run) -> None:
        version = registered(f"{run.artifact_uri}/model")
        content.release_content(version=version, by=BY)
        ModelVersion.objects.update(current_stage=DELETED)

        assert read(version) is None

        assert not Seal.objects.exists()
        assert Content.objects.get().state == ContentState.PENDING

    def test_while_its_files_are_read_leaves_no_seal(self, run: Run, store: LocalStore) -> None:
        version = registered(f"{run.artifact_uri}/model")
        (folder(store, version) / "by hand").write_bytes(b"1")

        def delete(_done: int, _total: int) -> None:
            content.release_content(version=version, by=BY)
            ModelVersion.objects.update(current_stage=DELETED)

        assert content.seal_content(version_pk=version.pk, progress=delete) is None
        assert not Seal.objects.exists()
        assert not ContentFile.objects.exists()

    def test_with_its_row_leaves_nothing_to_do(self, run: Run) -> None:
        version = registered(f"{run.artifact_uri}/model")
        version.model.delete()

        assert read(version) is None
