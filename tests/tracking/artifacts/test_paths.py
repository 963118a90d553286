from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracking.artifacts.paths import MAX_NAME_BYTES, MAX_PATH_BYTES, safe_file_path, safe_path
from mlregistry.errors import InvalidParameter

PARENTS = ["..", "../x", "a/..", "a/../b", "a/b/../../..", "./..", "../"]


def encoded(path: str, times: int) -> str:
    for _ in range(times):
        path = quote(path, safe="").replace(".", "%2e")
    return path


@pytest.mark.parametrize("times", range(9))
@pytest.mark.parametrize("path", PARENTS)
def test_a_parent_is_refused_however_often_it_is_encoded(path: str, times: int) -> None:
    with pytest.raises(InvalidParameter, match=r"^Invalid path$"):
        safe_path(encoded(path, times))


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "//etc/passwd",
        "a//b",
        "%2fetc%2fpasswd",
        "C:\\Windows",
        "c:/Windows",
        "C:x",
        "a\\b",
        "..\\up",
        "%5cserver%5cshare",
        "file:///etc/passwd",
        "file:x",
        "http://host/x",
        "s3:/bucket",
        "a\x00b",
        "a%00b",
        "a\nb",
        "a%0d%0ab",
        "\x7f",
        "a;b",
        "..;/a",
        "a#b",
        "a%23b",
        "a?b",
        "a%3Fb",
        "%ff",
        "a%c0%ae%c0%ae/b",
        "x" * (MAX_NAME_BYTES + 1),
        "/".join(["x" * 200] * 6),
        "é" * (MAX_NAME_BYTES // 2 + 1),
    ],
)
def test_what_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidParameter, match=r"^Invalid path$"):
        safe_path(path)


def test_endless_encoding_is_refused() -> None:
    with pytest.raises(InvalidParameter):
        safe_path("%" + "25" * 40 + "2e")


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("", ""),
        ("model", "model"),
        ("model/", "model"),
        ("./model/./data", "model/data"),
        (".", ""),
        ("a b/c.txt", "a b/c.txt"),
        ("a%20b", "a b"),
        ("a%2520b", "a b"),
        ("100%.txt", "100%.txt"),
        ("50%off", "50%off"),
        ("..a/b..", "..a/b.."),
        ("...", "..."),
        ("äöü/日本語.txt", "äöü/日本語.txt"),
        ("run: 1", "run: 1"),
        ("x" * MAX_NAME_BYTES, "x" * MAX_NAME_BYTES),
        (".hidden", ".hidden"),
    ],
)
def test_ordinary_names_come_through(path: str, safe: str) -> None:
    assert safe_path(path) == safe


@given(st.text(max_size=60))
def test_nothing_unsafe_comes_out(path: str) -> None:
    try:
        safe = safe_path(path)
    except InvalidParameter:
        return
    names = safe.split("/") if safe else []
    assert not safe.startswith("/")
    assert not {"", ".", ".."} & set(names)
    assert not set(safe) & set("\\#?;\x00\r\n")
    assert len(safe.encode()) <= MAX_PATH_BYTES


@given(st.text(max_size=60))
def test_what_came_out_comes_out_again(path: str) -> None:
    try:
        safe = safe_path(path)
    except InvalidParameter:
        return
    assert safe_path(safe) == safe


@pytest.mark.parametrize("path", ["", ".", "a/", "folder/../"])
def test_a_file_needs_a_name(path: str) -> None:
    with pytest.raises(InvalidParameter):
        safe_file_path(path)
