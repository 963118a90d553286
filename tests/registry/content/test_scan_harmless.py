"""Files that are no pickles stay clean, whatever their first letters mean to a pickle."""

import json
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from apps.registry.choices import Verdict
from apps.registry.content.scanning import SCANNER, scan
from apps.tracking.artifacts.stores.base import Stored
from apps.tracking.artifacts.stores.local import LocalFile, LocalStore
from mlregistry.errors import Busy
from tests.registry.content.making import VersionFiles, scanned, version_of

SAFETENSORS_HEADER = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()


def _safetensors(header_size: int) -> bytes:
    return struct.pack("<Q", header_size) + SAFETENSORS_HEADER.ljust(header_size) + bytes(8)


HARMLESS = {
    "README.md": b"N.B. This is a text.\nPath\n./here\n",
    "requirements.txt": b"cloudpickle==3.1.2\nmlflow==3.17.2\nnumpy==2.4.6\n",
    "click.txt": b"click\nrequests\nsix\n",
    "conda.yaml": b"channels:\n- conda-forge\ndependencies:\n- python=3.11.7\n",
    "python_env.yaml": b"python: 3.11.7\nbuild_dependencies:\n- pip\n",
    "input_example.json": b'{"columns": ["a"], "data": [[1.0], [2.0]]}',
    "list.json": b"[1, 2, 3]",
    "table.csv": b"cost,size\n1,2\n",
    "zlib.txt": b"x^2 + y^2 = r^2\n",
    "xz.txt": b"]\n",
    "bzip.txt": b"BZh9 is how bzip2 begins\n",
    "gif": b"GIF89a\1\0\1\0\0\0\0;",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(40),
    "parquet": b"PAR1" + bytes(40) + b"PAR1",
    "model.onnx": b"\x08\x07\x12\x07pytorch\x1a\x051.0.0" + bytes(range(256)),
    "model.cb": b"CBM1" + bytes(range(256)),
    "model.ubj": b"{L\0\0\0\0\0\0\0\7learner{" + bytes(200),
    "weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(range(256)),
    "weights.npy": b"\x93NUMPY\1\0v\0"
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }".ljust(117)
    + b"\n"
    + bytes(16),
    "small.safetensors": _safetensors(128),
    "pickle4.safetensors": _safetensors(0x480),
    "pickle2.safetensors": _safetensors(0x280),
    "empty": b"",
    "zeros": bytes(5000),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_files_are_clean(tmp_path: Path, name: str) -> None:
    report = scanned(tmp_path, {name: HARMLESS[name]})

    assert (report.verdict, report.findings) == (Verdict.CLEAN, [])
    assert (report.files_count, report.scanner) == (1, SCANNER)


def test_raw_numbers_are_clean(tmp_path: Path) -> None:
    chance = random.Random(7)
    files = {f"data/{number}": chance.randbytes(4000) for number in range(300)}
    files |= {f"floats/{number}": np.random.default_rng(number).normal(size=500).tobytes() for number in range(100)}
    files = {name: content for name, content in files.items() if not content.startswith((b"\x80", b"MZ"))}

    assert scanned(tmp_path, files).findings == []


@pytest.mark.parametrize(
    ("content", "kind", "severity"),
    [
        (b"\x7fELF\2\1\1" + bytes(60), "executable", "warning"),
        (b"MZ\x90\0\3" + bytes(60), "executable", "warning"),
        (b"\xcf\xfa\xed\xfe" + bytes(60), "executable", "warning"),
        (b"\xca\xfe\xba\xbe" + bytes(60), "executable", "warning"),
        (b"#!/bin/sh\nid\n", "executable", "warning"),
        (b"\xa7\x0d\x0d\x0a\0\0\0\0" + bytes(60), "code", "warning"),
    ],
)
def test_programs_are_findings_whatever_they_are_called(
    tmp_path: Path, content: bytes, kind: str, severity: str
) -> None:
    report = scanned(tmp_path, {"weights.bin": content})

    assert report.verdict == Verdict.SUSPICIOUS
    assert [(finding["kind"], finding["severity"]) for finding in report.findings] == [(kind, severity)]


def test_python_source_is_worth_knowing_and_no_more(tmp_path: Path) -> None:
    report = scanned(tmp_path, {"code/model.py": b"#!/usr/bin/env python\nimport os\n"})

    assert report.verdict == Verdict.CLEAN
    assert [(finding["path"], finding["kind"], finding["severity"]) for finding in report.findings] == [
        ("code/model.py", "code", "info")
    ]


def test_a_version_without_files_was_not_scanned(tmp_path: Path) -> None:
    report = scanned(tmp_path, {})

    assert (report.verdict, report.files_count) == (Verdict.FAILED, 0)
    assert report.findings[0]["detail"] == "There are no files."


class Unreachable(LocalStore):
    """A store that can list its files, and then is gone."""

    def open(self, path: str) -> LocalFile:
        raise Busy("The artifact store cannot be reached; try again later.")

    def stat(self, path: str) -> Stored:
        return LocalStore(self.root).stat(path)


def test_a_store_that_fails_is_a_finding_and_no_exception(tmp_path: Path) -> None:
    version_of(tmp_path, {"MLmodel": b"", "model.pkl": b""})

    report = scan(VersionFiles(Unreachable(tmp_path), "model"), ["sklearn"])

    assert (report.verdict, report.files_count) == (Verdict.FAILED, 2)
    assert {finding["detail"] for finding in report.findings} == {
        "The artifact store cannot be reached; try again later."
    }


def test_too_many_files_are_a_finding_and_no_exception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.registry.content.files.MAX_FILES", 2)

    report = scanned(tmp_path, {"a": b"", "b": b"", "c": b""})

    assert report.verdict == Verdict.FAILED
    assert "can have 2 files" in report.findings[0]["detail"]


def test_the_worst_finding_counts_even_if_it_is_not_kept(tmp_path: Path) -> None:
    files = {f"code/{number}.py": b"" for number in range(600)} | {"z.sh": b"#!/bin/sh\n"}

    report = scanned(tmp_path, files)

    assert report.verdict == Verdict.SUSPICIOUS
    assert len(report.findings) == 501
