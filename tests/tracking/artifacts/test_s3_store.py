import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from pytest_django import Settings

from apps.tracking.artifacts.stores import s3 as module
from apps.tracking.artifacts.stores.base import Entry, Part
from apps.tracking.artifacts.stores.s3 import S3Store
from mlregistry.errors import Busy, InvalidParameter, NotFound
from tests.tracking.artifacts.conftest import BUCKET, PREFIX
from tests.tracking.artifacts.store_promises import StorePromises, broken, read

MIB = 1024 * 1024
PART = 5 * MIB


@pytest.fixture
def store(s3: S3Store) -> S3Store:
    return s3


class TestS3Store(StorePromises):
    pass


def keys(store: S3Store) -> list[str]:
    found = store.client.list_objects_v2(Bucket=BUCKET)
    return [item["Key"] for item in found.get("Contents", ())]


def unfinished(store: S3Store) -> list[Any]:
    return store.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])


def test_files_lie_below_the_prefix_and_nothing_else_is_seen(store: S3Store) -> None:
    store.client.put_object(Bucket=BUCKET, Key="some/prefix2/secret", Body=b"1")
    store.client.put_object(Bucket=BUCKET, Key="some/other", Body=b"1")

    store.write("a", [b"1"])

    assert f"{PREFIX}/a" in keys(store)
    assert store.entries("") == [Entry("a", is_dir=False, size=1)]
    store.delete("a")
    assert keys(store) == ["some/other", "some/prefix2/secret"]


def test_a_large_file_goes_up_in_parts(store: S3Store) -> None:
    piece = os.urandom(MIB)

    written = store.write("big", (piece for _ in range(20)))

    assert written.stored.size == 20 * MIB
    assert written.stored.marker.endswith("-3"), "S3 counts the parts in the ETag"
    assert read(store, "big") == piece * 20
    assert read(store, "big", 8 * MIB - 5, 8 * MIB + 5) == (piece * 20)[8 * MIB - 5 : 8 * MIB + 5]


def test_a_file_of_exactly_one_part_is_put_whole(store: S3Store) -> None:
    store.write("big", [b"x" * module.PART])

    assert read(store, "big") == b"x" * module.PART
    assert unfinished(store) == []


def test_a_large_upload_that_breaks_is_aborted(store: S3Store) -> None:
    with pytest.raises(ConnectionError):
        store.write("big", broken(*[b"x" * MIB] * 20))

    assert keys(store) == []
    assert unfinished(store) == []


def test_nobody_sees_a_large_file_before_it_is_whole(store: S3Store) -> None:
    seen = []

    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * MIB
        seen.append(store.exists("big"))

    store.write("big", chunks())

    assert seen == [False]


def test_parts_grow_so_that_ten_thousand_hold_any_file() -> None:
    sizes = [module.part_size(number) for number in range(module.MAX_PARTS)]

    assert sum(sizes) > 400 * 1024**3
    assert max(sizes) <= 80 * MIB


def test_a_marker_of_a_folder_is_not_listed(store: S3Store) -> None:
    store.client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/f/", Body=b"")
    store.write("f/a", [b"1"])

    assert store.entries("f") == [Entry("f/a", is_dir=False, size=1)]


def test_more_than_a_page_is_listed_and_deleted(store: S3Store) -> None:
    for number in range(1005):
        store.client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/f/{number:04}", Body=b"1")

    assert len(store.entries("f")) == 1005
    store.delete("f")
    assert keys(store) == []


def test_a_client_uploads_the_parts_itself(store: S3Store) -> None:
    upload_id, urls = store.create_multipart("f/big", 2)
    bodies = [os.urandom(PART), b"the rest"]
    etags = [
        requests.put(made.url, data=body, timeout=30).headers["ETag"] for made, body in zip(urls, bodies, strict=True)
    ]
    assert not store.exists("f/big")

    stored = store.complete_multipart("f/big", upload_id, [Part(1, etags[0]), Part(2, etags[1])])

    assert stored == store.stat("f/big")
    assert read(store, "f/big") == b"".join(bodies)


def test_an_aborted_upload_leaves_nothing(store: S3Store) -> None:
    upload_id, urls = store.create_multipart("f/big", 1)
    requests.put(urls[0].url, data=b"x", timeout=30)

    store.abort_multipart("f/big", upload_id)

    assert unfinished(store) == []
    assert not store.exists("f/big")


@pytest.mark.parametrize("parts", [0, -1, 10_001])
def test_a_number_of_parts_that_s3_does_not_take_is_refused(store: S3Store, parts: int) -> None:
    with pytest.raises(InvalidParameter):
        store.create_multipart("big", parts)


def test_an_upload_that_is_not_of_this_file_is_refused(store: S3Store) -> None:
    with pytest.raises(InvalidParameter):
        store.abort_multipart("a", "nobodys")
    with pytest.raises(InvalidParameter):
        store.complete_multipart("a", "", [Part(1, "x")])


def test_sweeping_aborts_uploads_that_nobody_finished(store: S3Store) -> None:
    store.create_multipart("f/big", 1)

    assert store.sweep(timedelta(0)) == 1
    assert unfinished(store) == []


def test_a_presigned_download_is_an_attachment_of_a_guessed_type(store: S3Store) -> None:
    store.write("f/page.html", [b"<script>"])

    made = store.presign_download("f/page.html", 60)
    answer = requests.get(made.url, headers={"Range": "bytes=0-3"}, timeout=30)

    assert made.size == 8
    assert answer.content == b"<scr"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="page.html"'


def test_a_presigned_download_of_nothing_is_not_found(store: S3Store) -> None:
    with pytest.raises(NotFound):
        store.presign_download("never", 60)


def test_a_presigned_upload_takes_one_file(store: S3Store) -> None:
    made = store.presign_upload("f/a.json", 60)

    assert requests.put(made.url, data=b"{}", headers=made.headers, timeout=30).ok
    assert read(store, "f/a.json") == b"{}"


def test_a_store_that_does_not_answer_is_said_to_be_away(
    store: S3Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AWS_S3_ENDPOINT_URL = "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    away = S3Store(BUCKET, PREFIX)

    with pytest.raises(Busy, match="cannot be reached"):
        away.stat("a")
    with pytest.raises(Busy) as refused:
        away.write("a", [b"1"])
    assert "127.0.0.1" not in refused.value.message


def test_one_client_serves_all_threads(store: S3Store) -> None:
    assert store.client is store.client
