"""Files on the pages of a run: listed, shown, downloaded, and never the page's own script."""

import base64
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.tracking.artifacts import zips
from apps.tracking.artifacts.stores import proxied_store
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.models import LoggedModel, Run
from apps.tracking.pages.previews import preview
from mlregistry.headers import POLICY
from tests.tracking.pages.conftest import CANARY, put, signed_in

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Title\n", CANARY]},
        {
            "cell_type": "code",
            "source": CANARY,
            "outputs": [
                {"output_type": "stream", "text": [CANARY]},
                {"output_type": "display_data", "data": {"text/html": CANARY, "image/svg+xml": CANARY}},
                {"output_type": "display_data", "data": {"image/png": base64.b64encode(PNG).decode()}},
                {"output_type": "display_data", "data": {"image/png": f'x" onerror="1"{CANARY}'}},
                {"output_type": "error", "ename": "E", "traceback": [f"\x1b[31m{CANARY}\x1b[0m"]},
            ],
        },
        "no cell",
    ]
}
MLMODEL = """
flavors:
  python_function:
    loader_module: mlflow.sklearn
    "<script>window.fired=1</script>": "<img src=x onerror=window.fired=1>"
mlflow_version: 3.1.0
signature:
  inputs: '[{"name": "<script>window.fired=1</script>", "type": "double"}]'
"""
HOSTILE = {
    "evil.html": CANARY,
    "evil.svg": f"<svg xmlns='http://www.w3.org/2000/svg'>{CANARY}</svg>",
    "evil.md": f"# Title\n{CANARY} [x](javascript:alert(1)) ![y](//evil.example/x.png)",
    "evil.ipynb": json.dumps(NOTEBOOK),
    "evil.csv": f"a,{CANARY}\n{CANARY},2\n",
    "evil.tsv": f"a\t{CANARY}\n",
    "evil.json": json.dumps({CANARY: CANARY}),
    "evil.txt": CANARY,
    "evil.py": CANARY,
    "MLmodel": MLMODEL,
    "deep/<img src=x onerror=alert(1)>.txt": CANARY,
}
ESCAPES = (
    "../",
    "..%2f..",
    "%252e%252e/x",
    "/etc/passwd",
    "..\\x",
    "a//b",
    "C:\\x",
    "a\0b",
    "file:///etc",
    "x;y",
    "x#y",
)


@pytest.fixture
def reading(people: dict[str, User]) -> Client:
    return signed_in(people["reader"])


def shown(client: Client, run: Run, path: str) -> str:
    answer = client.get(reverse("run-artifacts", args=[run.uuid]), {"path": path})
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == POLICY
    return str(answer.content.decode())


@pytest.mark.parametrize("path", HOSTILE)
def test_nothing_in_a_file_becomes_part_of_the_page(run: Run, store: LocalStore, reading: Client, path: str) -> None:
    put(store, path, HOSTILE[path].encode(), below=run.artifact_uri)
    page = shown(reading, run, path)
    assert "<script>window" not in page
    assert "<img src=x" not in page
    assert "javascript:" not in page.replace("(javascript:alert(1))", "")


@pytest.mark.parametrize(
    "given",
    [
        ("a.txt", b"plain words", "plain words"),
        ("a.json", b'{"b":[1]}', "&quot;b&quot;: ["),
        ("broken.json", b'{"b":', "{&quot;b&quot;:"),
        ("a.md", b"# Head", "<h1>Head</h1>"),
        ("a.csv", b"one,two\n1,2\n", "<bdi>two</bdi>"),
        ("a.tsv", b"one\ttwo\n1\t2\n", "<bdi>two</bdi>"),
        ("empty.csv", b"", '<pre class="code"'),
        ("a.bin", b"\0\1", "These are bytes"),
        ("a.png", PNG, "show&amp;path=a.png"),
        ("a.pdf", b"%PDF-1.4", "<iframe"),
        ("a.wav", b"RIFF", "<audio"),
        ("a.mp4", b"mp4", "<video"),
        ("a.html", b"<p>", 'sandbox="allow-scripts"'),
        ("MLmodel", MLMODEL.encode(), "python_function"),
        ("a.ipynb", json.dumps(NOTEBOOK).encode(), "data:image/png;base64,iVBOR"),
        ("bad.ipynb", b"[]", "[]"),
    ],
)
def test_each_kind_of_file_has_its_preview(
    run: Run, store: LocalStore, reading: Client, given: tuple[str, bytes, str]
) -> None:
    name, content, told = given
    put(store, name, content, below=run.artifact_uri)
    assert told in shown(reading, run, name)


def test_parquet_is_a_table(run: Run, store: LocalStore, reading: Client) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"age": list(range(900)), "name": [CANARY] * 900}), out)
    put(store, "a.parquet", out.getvalue(), below=run.artifact_uri)
    put(store, "broken.parquet", out.getvalue()[:-30], below=run.artifact_uri)
    page = shown(reading, run, "a.parquet")
    assert "The first 200 rows of 900" in page
    assert "<script>window" not in page
    assert "pyarrow cannot read it" in shown(reading, run, "broken.parquet")


def test_of_a_long_text_its_beginning_is_shown_and_that_it_is_one(run: Run, store: LocalStore, reading: Client) -> None:
    put(store, "long.log", b"x" * (preview.TEXT + 1), below=run.artifact_uri)
    page = shown(reading, run, "long.log")
    assert "The first 256 KB of it" in page
    assert len(page) < preview.TEXT + 30_000


def test_the_tree_opens_folder_by_folder(run: Run, store: LocalStore, reading: Client) -> None:
    put(store, "a/b/c.txt", b"deep", below=run.artifact_uri)
    address = reverse("run-artifacts", args=[run.uuid])
    whole = reading.get(address).content.decode()
    assert "c.txt" not in whole
    part = reading.get(address, {"path": "a/b", "part": "folder"}, headers={"HX-Request": "true"}).content.decode()
    assert "c.txt" in part
    assert "<html" not in part
    opened = reading.get(address, {"path": "a/b/c.txt"}).content.decode()
    assert opened.count("<details open>") == 2
    assert "deep" in opened


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("name", ["artifacts", "file", "zip"])
def test_no_path_leads_out_of_the_run(run: Run, model: LoggedModel, reading: Client, path: str, name: str) -> None:
    store = proxied_store()
    assert isinstance(store, LocalStore)
    (store.root / "canary.txt").parent.mkdir(parents=True, exist_ok=True)
    (store.root / "canary.txt").write_text("secret")
    for address in (reverse(f"run-{name}", args=[run.uuid]), reverse(f"logged-model-{name}", args=[model.model_id])):
        for spelled in (path, f"{path}/canary.txt", f"deep/{path}/../../../canary.txt"):
            answer = reading.get(address, {"path": spelled})
            assert 400 <= answer.status_code < 500
            assert b"secret" not in answer.content


def test_links_that_somebody_planted_are_not_followed(
    run: Run, store: LocalStore, reading: Client, tmp_path: Path
) -> None:
    put(store, "real.txt", b"fine", below=run.artifact_uri)
    (tmp_path / "outside.txt").write_text("secret")
    folder = store.root / run.artifact_uri.removeprefix("mlflow-artifacts:/")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "way").symlink_to(tmp_path)
    assert reading.get(reverse("run-file", args=[run.uuid]), {"path": "link.txt"}).status_code == 404
    assert reading.get(reverse("run-artifacts", args=[run.uuid]), {"path": "way/outside.txt"}).status_code == 404
    assert _zip(reading, run, "").namelist() == ["real.txt"]


@pytest.mark.parametrize("query", [{}, {"show": ""}], ids=["to keep", "to show"])
@pytest.mark.parametrize("wanted_for", ["document", "iframe", "embed", ""])
def test_a_file_never_runs_as_this_server(
    run: Run, store: LocalStore, reading: Client, query: dict[str, str], wanted_for: str
) -> None:
    headers = {"Sec-Fetch-Dest": wanted_for} if wanted_for else {}
    for name in ("evil.html", "evil.svg", "evil.xhtml", "evil.js", "evil.xml", "evil"):
        put(store, name, CANARY.encode(), below=run.artifact_uri)
        answer = reading.get(reverse("run-file", args=[run.uuid]), {"path": name, **query}, headers=headers)
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # it is a stream
        policy = answer["Content-Security-Policy"]
        assert policy.startswith("sandbox")
        assert "allow-same-origin" not in policy
        assert "default-src 'none'" in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        is_framed = bool(query) and name == "evil.html" and wanted_for in ("iframe", "")
        assert ("allow-scripts" in policy) == is_framed
        assert ("X-Frame-Options" in answer) != is_framed
        if name.endswith("html") and not is_framed:
            assert answer["Content-Disposition"].startswith("attachment")


def test_only_our_own_pages_may_frame_a_file(run: Run, store: LocalStore, reading: Client) -> None:
    for name in ("a.html", "a.pdf"):
        put(store, name, b"x", below=run.artifact_uri)
        answer = reading.get(reverse("run-file", args=[run.uuid]), {"path": name, "show": ""})
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # it is a stream
        assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]


def _zip(client: Client, run: Run, path: str) -> zipfile.ZipFile:
    answer = client.get(reverse("run-zip", args=[run.uuid]), {"path": path})
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]


def test_a_folder_comes_as_an_archive_with_names_of_its_own(run: Run, store: LocalStore, reading: Client) -> None:
    for name in ("a/one.txt", "a/b/ä 🚀.txt", "other.txt"):
        put(store, name, name.encode() * 1000, below=run.artifact_uri)
    archive = _zip(reading, run, "a")
    assert archive.testzip() is None
    assert archive.namelist() == ["b/ä 🚀.txt", "one.txt"]
    assert archive.read("one.txt") == b"a/one.txt" * 1000
    assert len(_zip(reading, run, "").namelist()) == 3


def test_names_that_lead_elsewhere_stay_out_of_archives(run: Run, store: LocalStore, reading: Client) -> None:
    put(store, "fine.txt", b"fine", below=run.artifact_uri)
    folder = store.root / run.artifact_uri.removeprefix("mlflow-artifacts:/")
    for name in ("..\\..\\evil.txt", "C:evil.txt", "a\nb.txt"):
        (folder / name).write_text("evil")
    assert _zip(reading, run, "").namelist() == ["fine.txt"]


def test_an_archive_has_its_limit_and_its_reason_to_be(
    run: Run, store: LocalStore, reading: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reverse("run-zip", args=[run.uuid])
    assert reading.get(address).status_code == 404
    for number in range(4):
        put(store, f"{number}.txt", b"x", below=run.artifact_uri)
    monkeypatch.setattr(zips, "MOST_FILES", 3)
    assert reading.get(address).status_code == 413


def test_a_large_file_is_never_whole_in_memory(run: Run, store: LocalStore, reading: Client) -> None:
    put(store, "large.bin", b"\0" * (9 * 1024 * 1024), below=run.artifact_uri)
    answer = reading.get(reverse("run-zip", args=[run.uuid]))
    assert max(len(piece) for piece in answer.streaming_content) < 2 * 1024 * 1024  # type: ignore[attr-defined]


def test_a_logged_model_has_a_page_and_files(model: LoggedModel, run: Run, store: LocalStore, reading: Client) -> None:
    put(store, "MLmodel", MLMODEL.encode(), below=model.artifact_location)
    page = reading.get(reverse("logged-model", args=[model.model_id])).content.decode()
    assert "alpha" in page
    assert f"models:/{model.model_id}" in page
    files = reading.get(reverse("logged-model-artifacts", args=[model.model_id]), {"path": "MLmodel"})
    assert "mlflow.sklearn" in files.content.decode()
