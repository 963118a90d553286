"""Verifying: whatever was done to the files, the manifest or the signature behind our back is found and named."""

import base64
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from apps.audit.models import Entry
from apps.registry.choices import DELETED, ContentState
from apps.registry.models import Content, ContentFile, ModelVersion
from apps.registry.queries.content import signed_versions
from apps.registry.services import content, verification
from apps.registry.services.verification import require_intact, verify_content, verify_each
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.artifacts.stores.s3 import S3Store
from apps.tracking.models import Experiment, Run
from mlregistry.errors import BadRequest, InvalidState
from tests.registry.pinning.making import BY, FILES, folder, put, registered, sealed
from tests.tracking.making import make_run

pytestmark = pytest.mark.django_db
UNSIGNED = [{"path": "", "how": "unsigned"}]


@pytest.fixture
def files(version: ModelVersion, store: LocalStore) -> Path:
    """The version's folder on this machine."""
    return folder(store, version)


def found(version: ModelVersion, *, deep: bool = False) -> list[dict[str, str]]:
    return verify_content(version=version, deep=deep).differences


def recorded(what: str) -> list[dict[str, Any]]:
    return list(Entry.objects.filter(action=f"registry.content.{what}").values_list("details", flat=True))


def change_as_nobody_notices(path: Path) -> None:
    """Other bytes of the same number under the same time of change."""
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_untouched_files_are_as_they_were_registered(version: ModelVersion) -> None:
    before = version.content.verified_at
    for deep in (False, True):
        seen = verify_content(version=version, deep=deep)
        assert (seen.state, seen.differences, seen.message) == (ContentState.SEALED, [], "")
    assert seen.verified_at > before
    assert recorded("drifted") == recorded("restored") == []


@pytest.mark.parametrize(
    ("act", "path", "how"),
    [
        (lambda files: (files / "MLmodel").write_bytes(b"flavors: []\n"), "MLmodel", "changed"),
        (lambda files: (files / "model.pkl").write_bytes(b"short"), "model.pkl", "changed"),
        (lambda files: (files / "data/example.json").unlink(), "data/example.json", "missing"),
        (lambda files: shutil.rmtree(files / "data"), "data/example.json", "missing"),
        (lambda files: (files / "data" / "evil.py").write_bytes(b"import os"), "data/evil.py", "added"),
        (lambda files: (files / "line\nbreak").write_bytes(b""), "line\\nbreak", "added"),
        (lambda files: Path(os.fsdecode(bytes(files) + b"/\xff")).write_bytes(b"1"), "\\udcff", "added"),
    ],
    ids=["other bytes", "fewer bytes", "gone", "folder gone", "new", "new line", "not UTF-8"],
)
def test_what_was_done_to_a_file_is_reported_by_name(
    version: ModelVersion, files: Path, act: Callable[[Path], None], path: str, how: str
) -> None:
    act(files)

    for deep in (False, True):
        seen = verify_content(version=version, deep=deep)
        assert (seen.state, seen.differences) == (ContentState.DRIFTED, [{"path": path, "how": how}])
        assert path in seen.message


def test_a_file_replaced_by_a_link_to_the_same_bytes_is_reported(
    version: ModelVersion, files: Path, tmp_path: Path
) -> None:
    shutil.move(files / "model.pkl", tmp_path / "elsewhere")
    (files / "model.pkl").symlink_to(tmp_path / "elsewhere")

    assert found(version) == [{"path": "model.pkl", "how": "missing"}]


def test_a_folder_replaced_by_a_link_is_reported(version: ModelVersion, files: Path, tmp_path: Path) -> None:
    shutil.move(files / "data", tmp_path / "data")
    (files / "data").symlink_to(tmp_path / "data")

    assert found(version) == [{"path": "data/example.json", "how": "missing"}]


def test_a_change_beneath_the_store_is_found_by_reading_everything(version: ModelVersion, files: Path) -> None:
    change_as_nobody_notices(files / "model.pkl")

    assert found(version) == []
    assert found(version, deep=True) == [{"path": "model.pkl", "how": "changed"}]
    assert found(version) == [{"path": "model.pkl", "how": "changed"}]  # what has drifted is not believed again
    (files / "model.pkl").write_bytes(FILES["model.pkl"])
    assert found(version) == []


def test_a_copy_with_another_time_is_the_same_and_read_once(
    version: ModelVersion, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in files.rglob("*"):
        os.utime(path, ns=(1, 1))
    read: list[int] = []

    def note(done: int, _total: int) -> None:
        read.append(done)

    assert verify_content(version=version, progress=note).differences == []
    assert read[-1] == sum(map(len, FILES.values()))
    read.clear()
    assert verify_content(version=version, progress=note).differences == []
    assert read == []


def test_everything_gone_names_everything(version: ModelVersion, store: LocalStore) -> None:
    shutil.rmtree(store.root)

    assert found(version) == [{"path": path, "how": "missing"} for path in sorted(FILES)]


def test_on_s3_what_was_done_is_reported_by_name(s3: S3Store, experiment: Experiment, ada: Any) -> None:
    run = make_run(experiment, ada)
    for path, body in FILES.items():
        put(ada, run, f"model/{path}", body)
    version = sealed(registered(f"{run.artifact_uri}/model"))
    root = version.location.removeprefix("mlflow-artifacts:/")
    s3.write(f"{root}/MLmodel", [b"flavors: []\n"])
    s3.delete(f"{root}/model.pkl")
    s3.write(f"{root}/new", [b"1"])

    assert found(version) == [
        {"path": "MLmodel", "how": "changed"},
        {"path": "model.pkl", "how": "missing"},
        {"path": "new", "how": "added"},
    ]


class TestTheSignature:
    def test_with_one_flipped_bit_is_void(self, version: ModelVersion) -> None:
        signature = bytearray(base64.b64decode(version.content.signature))
        for position in (0, 31, 63):
            flipped = bytearray(signature)
            flipped[position] ^= 1
            Content.objects.update(signature=base64.b64encode(bytes(flipped)).decode())
            assert found(version) == UNSIGNED
        Content.objects.update(signature=version.content.signature)
        assert found(version) == []

    @pytest.mark.parametrize(
        "change",
        [
            {"sha256": "0" * 64},
            {"path": "other"},
            {"size": 1},
        ],
    )
    def test_is_void_if_a_row_of_the_manifest_was_changed(self, version: ModelVersion, change: dict[str, Any]) -> None:
        ContentFile.objects.filter(path="MLmodel").update(**change)

        assert UNSIGNED[0] in found(version)

    def test_is_void_if_rows_and_digest_were_changed_together_with_the_file(
        self, version: ModelVersion, files: Path, run: Run
    ) -> None:
        """Whoever writes to store and database, but has not the key."""
        (files / "MLmodel").write_bytes(b"flavors: []\n")
        forged = sealed(registered(f"{run.artifact_uri}/model", name="forger"))
        ContentFile.objects.filter(content=version.content).delete()
        forged.content.files.update(content=version.content)
        Content.objects.filter(pk=version.content.pk).update(digest=forged.content.digest)

        assert found(version) == UNSIGNED

    def test_of_another_version_is_void(self, version: ModelVersion, other: Callable[[], ModelVersion]) -> None:
        moved = other().content
        Content.objects.filter(pk=version.content.pk).update(signature=moved.signature, key_id=moved.key_id)

        assert found(version) == UNSIGNED

    @pytest.mark.parametrize("change", [{"version": 2}, {"creation_time": 5}])
    def test_is_void_for_a_version_that_was_changed(self, version: ModelVersion, change: dict[str, int]) -> None:
        ModelVersion.objects.update(**change)

        assert found(ModelVersion.objects.get()) == UNSIGNED

    def test_outlives_a_renamed_model(self, version: ModelVersion) -> None:
        version.model.name = "fraud detection"
        version.model.save()

        assert found(ModelVersion.objects.get()) == []

    def test_by_a_key_that_is_gone_is_void(self, version: ModelVersion, settings: Settings, tmp_path: Path) -> None:
        kept = settings.MLREGISTRY_DATA
        settings.MLREGISTRY_DATA = tmp_path / "without the key"
        assert found(version) == UNSIGNED
        settings.MLREGISTRY_DATA = kept
        assert found(version) == []


class TestTheState:
    def test_is_drifted_until_the_files_are_the_same_again_and_both_are_recorded(
        self, version: ModelVersion, files: Path
    ) -> None:
        (files / "MLmodel").write_bytes(b"flavors: []\n")
        for _ in range(2):
            verify_content(version=version)
        assert Content.objects.get().state == ContentState.DRIFTED
        (files / "MLmodel").write_bytes(FILES["MLmodel"])
        for _ in range(2):
            verify_content(version=version)

        again = Content.objects.get()
        assert (again.state, again.differences, again.message) == (ContentState.SEALED, [], "")
        (drifted,), (restored,) = recorded("drifted"), recorded("restored")
        assert drifted == {
            "digest": version.content.digest,
            "count": 1,
            "differences": [{"path": "MLmodel", "how": "changed"}],
        }
        assert restored["count"] == 0

    def test_is_recorded_again_when_something_else_differs(self, version: ModelVersion, files: Path) -> None:
        (files / "MLmodel").unlink()
        verify_content(version=version)
        (files / "model.pkl").unlink()
        verify_content(version=version)

        assert [entry["count"] for entry in recorded("drifted")] == [1, 2]

    def test_lists_no_more_paths_than_anybody_reads(
        self, version: ModelVersion, files: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verification, "MOST_DIFFERENCES", 5)
        for number in range(9):
            (files / f"new{number}").touch()

        seen = verify_content(version=version)

        assert len(seen.differences) == 5
        assert seen.message == "new0 is added, new1 is added, new2 is added, and 6 more."
        assert recorded("drifted")[0]["count"] == 9

    def test_of_what_was_never_read_cannot_be_verified(self, run: Run) -> None:
        version = registered(f"{run.artifact_uri}/model")
        with pytest.raises(BadRequest, match=r"fraud version 1 has no sealed content to verify: .*being read"):
            verify_content(version=version)

    def test_of_a_version_that_was_deleted_meanwhile_stays(self, version: ModelVersion, files: Path) -> None:
        (files / "MLmodel").write_bytes(b"flavors: []\n")

        def delete(_done: int, _total: int) -> None:
            content.release_content(version=version, by=BY)
            ModelVersion.objects.update(current_stage=DELETED)

        verify_content(version=version, progress=delete)

        assert Content.objects.get().state == ContentState.SEALED
        assert recorded("drifted") == []


class TestWhoeverNeedsTheVersionIntact:
    def test_gets_it(self, version: ModelVersion) -> None:
        require_intact(version=version)
        require_intact(version=version, deep=True)

    def test_is_told_what_is_not(self, version: ModelVersion, files: Path) -> None:
        (files / "MLmodel").unlink()
        (files / "model.pkl").write_bytes(b"other")
        with pytest.raises(InvalidState) as refused:
            require_intact(version=version)
        assert refused.value.message == (
            "fraud version 1 is not what was registered: MLmodel is missing, model.pkl is changed."
        )

    def test_is_told_why_it_cannot_be_known(self, store: LocalStore) -> None:
        version = registered("s3://theirs/model")
        content.seal_content(version_pk=version.pk, progress=lambda *_: None)
        with pytest.raises(BadRequest, match="has no sealed content to verify: This server does not read artifacts"):
            require_intact(version=version)

    def test_is_told_if_nobody_asked_for_it(self, version: ModelVersion) -> None:
        Content.objects.all().delete()
        with pytest.raises(BadRequest, match="nobody has asked for it"):
            require_intact(version=version)


def test_one_that_cannot_be_verified_stops_no_other(version: ModelVersion, other: Callable[[], ModelVersion]) -> None:
    other()
    ModelVersion.objects.filter(pk=version.pk).update(location="s3://gone/model")
    said: list[tuple[int, int, str]] = []

    first, second = verify_each(versions=signed_versions(), deep=True, report=lambda *told: said.append(told))

    assert "does not read artifacts" in first.failure
    assert (second.version.model.name, second.differences, second.failure) == ("other", [], "")
    assert [told[:2] for told in (said[0], said[-1])] == [(0, 2), (2, 2)]
    assert any("other version 1: " in told[2] for told in said)


def test_deleted_versions_are_nobodys_concern(version: ModelVersion) -> None:
    ModelVersion.objects.update(current_stage=DELETED)
    assert list(verify_each(versions=signed_versions(), deep=False, report=lambda *_: None)) == []
