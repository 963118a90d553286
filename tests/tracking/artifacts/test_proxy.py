"""The proxy's calls in this process: what comes in, what goes out, and what is remembered of it."""

import base64
import hashlib
import io
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.models import ArtifactFile, Experiment, Run
from tests.tracking.artifacts.calling import FILES, JSON, PROXY, as_user, content, get, names, put
from tests.tracking.making import make_model, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(experiment: Experiment, ada: User, store: ArtifactStore) -> Run:
    return make_run(experiment, ada)


@pytest.fixture
def root(run: Run) -> str:
    """The run's own folder in the proxy."""
    return run.artifact_uri.removeprefix("mlflow-artifacts:/")


@pytest.fixture
def client(ada: User) -> Client:
    return as_user(ada)


def test_a_file_goes_up_and_comes_down(client: Client, root: str) -> None:
    assert put(client, f"{root}/f/a.txt", b"hello").status_code == 200

    answer = get(client, f"{root}/f/a.txt")

    assert answer.status_code == 200
    assert answer.body == b"hello"
    assert answer["Content-Length"] == "5"
    assert answer["Accept-Ranges"] == "bytes"


def test_a_file_is_remembered_with_its_size_hash_and_uploader(client: Client, root: str, run: Run, ada: User) -> None:
    put(client, f"{root}/a", b"hello")

    row = ArtifactFile.objects.get()

    assert (row.uri, row.experiment_id) == (f"mlflow-artifacts:/{root}/a", run.experiment_id)
    assert (row.size, row.sha256) == (5, hashlib.sha256(b"hello").hexdigest())
    assert (row.uploaded_by, row.uploaded_at > 0) == (ada.username, True)


def test_uploading_again_remembers_the_new_file_alone(client: Client, root: str) -> None:
    put(client, f"{root}/a", b"one")
    put(client, f"{root}/a", b"three")

    row = ArtifactFile.objects.get()

    assert (row.size, row.sha256) == (5, hashlib.sha256(b"three").hexdigest())
    assert get(client, f"{root}/a").body == b"three"


def test_the_hash_is_the_etag_as_long_as_it_is_that_of_the_file(client: Client, root: str, store: LocalStore) -> None:
    put(client, f"{root}/a", b"hello")
    known = get(client, f"{root}/a")["ETag"]

    store.write(f"{root}/a", [b"jello"])
    behind_our_back = get(client, f"{root}/a")["ETag"]

    assert known == f'"{hashlib.sha256(b"hello").hexdigest()}"'
    assert behind_our_back != known


def test_an_unchanged_file_is_not_sent_again(client: Client, root: str) -> None:
    put(client, f"{root}/a", b"hello")
    etag = get(client, f"{root}/a")["ETag"]

    answer = get(client, f"{root}/a", **{"If-None-Match": etag})

    assert (answer.status_code, answer.body) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "sent", "range_"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", b"0123456789", "bytes 0-9/10"),
        ("bytes=9-9", b"9", "bytes 9-9/10"),
        ("bytes=5-500", b"56789", "bytes 5-9/10"),
        ("bytes=0-9", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range_is_answered_with_that_range(client: Client, root: str, asked: str, sent: bytes, range_: str) -> None:
    put(client, f"{root}/a", b"0123456789")

    answer = get(client, f"{root}/a", Range=asked)

    assert answer.status_code == 206
    assert answer.body == sent
    assert answer["Content-Range"] == range_
    assert answer["Content-Length"] == str(len(sent))


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_past_the_end_is_refused(client: Client, root: str, asked: str) -> None:
    put(client, f"{root}/a", b"0123456789")

    answer = get(client, f"{root}/a", Range=asked)

    assert answer.status_code == 416
    assert answer["Content-Range"] == "bytes */10"
    assert answer.body == b""


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-4", "bytes=-", "bytes=a-b", "bytes=0-1,4-5", "lines=1-2", "bytes=" + "9" * 5000 + "-", "bytes=٣-٤"],
)
def test_what_is_not_one_range_means_the_whole_file(client: Client, root: str, asked: str) -> None:
    put(client, f"{root}/a", b"0123456789")

    answer = client.get(f"{FILES}/{root}/a", HTTP_RANGE=asked)

    assert (answer.status_code, content(answer)) == (200, b"0123456789")


def test_a_range_of_another_version_means_the_whole_file(client: Client, root: str) -> None:
    put(client, f"{root}/a", b"0123456789")
    etag = get(client, f"{root}/a")["ETag"]

    same = get(client, f"{root}/a", Range="bytes=0-1", **{"If-Range": etag})
    other = get(client, f"{root}/a", Range="bytes=0-1", **{"If-Range": '"other"'})

    assert (same.status_code, same.body) == (206, b"01")
    assert (other.status_code, other.body) == (200, b"0123456789")


def test_a_head_tells_the_size_and_sends_nothing(client: Client, root: str) -> None:
    put(client, f"{root}/a", b"hello")

    answer = client.head(f"{FILES}/{root}/a")

    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, "5", b"")


def test_an_empty_file_goes_up_and_comes_down(client: Client, root: str) -> None:
    assert put(client, f"{root}/empty", b"").status_code == 200

    answer = get(client, f"{root}/empty")

    assert (answer.status_code, answer.body, answer["Content-Length"]) == (200, b"", "0")


def test_a_listing_shows_names_kinds_and_sizes(client: Client, root: str) -> None:
    for path in ("b", "f/x", "a"):
        put(client, f"{root}/{path}", b"12")

    assert client.get(FILES, {"path": root}).json() == {
        "files": [
            {"path": "a", "is_dir": False, "file_size": 2},
            {"path": "b", "is_dir": False, "file_size": 2},
            {"path": "f", "is_dir": True},
        ]
    }
    assert client.get(FILES, {"path": f"{root}/never"}).json() == {}


@pytest.mark.django_db(transaction=True)  # files go when the transaction is through
def test_deleting_takes_the_file_and_what_was_known_of_it(ada: User, client: Client, root: str) -> None:
    for path in ("model/a", "model/b", "model2", "Model/a"):
        put(client, f"{root}/{path}")

    assert client.delete(f"{FILES}/{root}/model").status_code == 200

    assert names(client, root) == ["Model", "model2"]
    known = ArtifactFile.objects.order_by("uri").values_list("uri", flat=True)
    assert [uri.partition(f"{root}/")[2] for uri in known] == ["Model/a", "model2"]
    entry = Entry.objects.filter(action="tracking.artifact.delete").get()
    assert (entry.username, entry.details["uri"]) == (ada.username, f"mlflow-artifacts:/{root}/model")


def test_deleting_what_is_not_there_is_no_event(client: Client, root: str) -> None:
    assert client.delete(f"{FILES}/{root}/never").status_code == 200

    assert not Entry.objects.filter(action="tracking.artifact.delete").exists()


@pytest.mark.django_db(transaction=True)  # files go when the transaction is through
def test_deleting_all_of_a_run_is_allowed_and_all_of_an_experiment_is_not(
    client: Client, root: str, experiment: Experiment
) -> None:
    put(client, f"{root}/a")

    assert client.delete(f"{FILES}/{experiment.pk}").status_code == 400
    assert names(client, root) == ["a"]
    assert client.delete(f"{FILES}/{root}/").status_code == 200
    assert names(client, root) == []


def test_a_body_that_is_cut_short_leaves_nothing(client: Client, root: str) -> None:
    arrived = {"wsgi.input": io.BytesIO(b"half"), "CONTENT_LENGTH": "8"}

    answer = client.generic("PUT", f"{FILES}/{root}/a", **arrived)

    assert answer.status_code == 400
    assert "after 4 of 8 bytes" in answer.json()["message"]
    assert names(client, root) == []
    assert not ArtifactFile.objects.exists()


def digest_of(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def test_a_body_that_is_not_what_its_digest_says_is_refused(client: Client, root: str) -> None:
    good = put(client, f"{root}/good", b"hello", **{"Content-Digest": digest_of(b"hello")})
    bad = put(client, f"{root}/bad", b"hello", **{"Content-Digest": digest_of(b"jello")})

    assert (good.status_code, bad.status_code) == (200, 400)
    assert names(client, root) == ["good"]


@pytest.mark.parametrize("length", ["-1", "a", "1e3", "٣"])
def test_a_length_that_is_no_number_is_refused(client: Client, root: str, length: str) -> None:
    answer = client.generic("PUT", f"{FILES}/{root}/a", b"text", CONTENT_LENGTH=length)

    assert answer.status_code == 400
    assert names(client, root) == []


def test_what_is_larger_than_the_limit_is_refused(client: Client, root: str, settings: Settings) -> None:
    settings.MLREGISTRY_ARTIFACT_MAX_BYTES = 10

    answer = put(client, f"{root}/a", b"x" * 11)

    assert (answer.status_code, answer.json()["error_code"]) == (413, "REQUEST_TOO_LARGE")
    assert put(client, f"{root}/b", b"x" * 10).status_code == 200
    assert names(client, root) == ["b"]


def test_a_folder_is_not_a_file(client: Client, root: str) -> None:
    put(client, f"{root}/f/a")

    assert get(client, f"{root}/f").status_code == 400
    assert put(client, f"{root}/f").status_code == 400
    assert put(client, f"{root}/g/").status_code == 400


def test_a_local_store_has_neither_parts_nor_presigned_urls(client: Client, root: str) -> None:
    create = client.post(f"{PROXY}/mpu/create/{root}", {"path": "big", "num_parts": 2}, content_type=JSON)
    presigned = client.get(f"{PROXY}/presigned/{root}/a")

    assert (create.status_code, create.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert create.json()["message"] == "Multipart upload is not supported for the current artifact repository"
    assert (presigned.status_code, presigned.json()["message"]) == (
        501,
        "Multipart download is not supported for the current artifact repository",
    )


def test_the_hash_of_a_logged_models_file_is_kept_too(client: Client, experiment: Experiment, ada: User) -> None:
    model = make_model(experiment, ada)

    put(client, f"{experiment.pk}/models/{model.model_id}/artifacts/MLmodel", b"flavors: {}")

    assert ArtifactFile.objects.get().sha256 == hashlib.sha256(b"flavors: {}").hexdigest()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.json", "text/plain"),
        ("MLmodel", "text/plain"),
        ("a.unknown", "application/octet-stream"),
        ("a.txt", "text/plain"),
    ],
)
def test_the_type_comes_from_the_name(client: Client, root: str, name: str, kind: str) -> None:
    put(client, f"{root}/{name}")

    assert get(client, f"{root}/{name}")["Content-Type"] == kind


@pytest.mark.parametrize("name", ["a.txt", "ä ö.txt", '", evil="x', "日本語.bin", "a'b", "100%.txt"])
def test_the_file_keeps_its_name_when_it_is_saved(client: Client, root: str, name: str) -> None:
    assert put(client, f"{root}/{quote(name)}").status_code == 200

    disposition = get(client, f"{root}/{quote(name)}")["Content-Disposition"]

    assert disposition.startswith("attachment; filename")
    assert disposition.isascii()
    assert "\n" not in disposition
