"""The manifest and what is signed of it: the same bytes for everybody who makes them again."""

import hashlib
import json
from dataclasses import dataclass, replace

import pytest

from apps.registry.content.manifest import digest_of, manifest, statement
from apps.registry.models import ModelVersion, RegisteredModel


@dataclass(frozen=True)
class File:
    path: str
    size: int
    sha256: str


A, B, NAMED = File("a/b", 3, "0" * 64), File("a.txt", 0, "1" * 64), File("ä 日本", 12, "2" * 64)


def version(**changes: int) -> ModelVersion:
    fields = {"model_id": 7, "version": 3, "creation_time": 1700000000000} | changes
    return ModelVersion(**fields)


def test_the_manifest_is_sorted_json_without_spaces_in_utf_8() -> None:
    assert manifest([NAMED, A, B]).decode() == (
        f'[{{"path":"a.txt","sha256":"{"1" * 64}","size":0}},'
        f'{{"path":"a/b","sha256":"{"0" * 64}","size":3}},'
        f'{{"path":"ä 日本","sha256":"{"2" * 64}","size":12}}]'
    )


def test_the_order_in_which_files_come_changes_nothing() -> None:
    assert digest_of([A, B, NAMED]) == digest_of([NAMED, B, A]) == hashlib.sha256(manifest([B, A, NAMED])).hexdigest()


def test_paths_are_sorted_by_code_point_as_their_utf_8_is() -> None:
    paths = ["Z", "a", "a/b", "a-b", "é", "\uffee", "\U0001f600", "A", "a b"]
    listed = [item["path"] for item in json.loads(manifest([File(path, 1, "") for path in paths]))]
    assert listed == sorted(paths, key=str.encode)


@pytest.mark.parametrize(
    "changed",
    [replace(A, path="a/c"), replace(A, size=4), replace(A, sha256="0" * 63 + "1")],
    ids=["path", "size", "hash"],
)
def test_whatever_differs_gives_another_digest(changed: File) -> None:
    assert digest_of([changed, B]) != digest_of([A, B])


def test_a_file_more_or_less_gives_another_digest() -> None:
    assert len({digest_of(files) for files in ([], [A], [B], [A, B], [A, B, NAMED])}) == 5


def test_no_name_can_pass_for_two_files() -> None:
    """What separates files in the manifest means nothing within a name."""
    cunning = File('a","sha256":"","size":1},{"path":"b', 1, "")
    assert digest_of([cunning]) != digest_of([File("a", 1, ""), File("b", 1, "")])


def test_the_statement_says_which_version_and_which_digest() -> None:
    assert json.loads(statement(version(), "d" * 64)) == {
        "purpose": "mlregistry version content 1",
        "model": 7,
        "version": 3,
        "creation_time": 1700000000000,
        "digest": "d" * 64,
    }


@pytest.mark.parametrize("field", ["model_id", "version", "creation_time"])
def test_the_statement_of_one_version_is_that_of_no_other(field: str) -> None:
    assert statement(version(**{field: 8}), "d") != statement(version(), "d")


@pytest.mark.django_db
def test_renaming_the_model_changes_no_statement() -> None:
    model = RegisteredModel.objects.create(name="fraud", creation_time=1, last_updated_time=1, created_by="ada")
    made = ModelVersion.objects.create(model=model, version=1, creation_time=2, last_updated_time=2, user_id="ada")
    before = statement(made, "d")
    RegisteredModel.objects.filter(pk=model.pk).update(name="fraud detection", last_updated_time=3)

    assert statement(ModelVersion.objects.get(pk=made.pk), "d") == before
