"""Files of NumPy, joblib and PyTorch: pickles between raw numbers."""

import io
import pickle
import struct
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from apps.registry.choices import Verdict
from tests.registry.content.assembling import called, imported, text
from tests.registry.content.making import Touch, evil, kinds, scanned, zipped

COMPRESSIONS: list[Any] = [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)]
ARRAYS = {
    "numbers": np.arange(300.0),
    "many": [np.arange(10), np.eye(20, order="F"), np.zeros((0, 3)), np.float32(2), np.array(5)],
    "texts": np.array(["a", "bc"]),
    "bytes": np.array([b"a", b"bc"]),
    "times": np.array(["2024-01-01"], dtype="datetime64[ns]"),
    "objects": np.array(["a", None, {"b": [1, 2]}], dtype=object),
    "fields": np.array([(1, 2.0, "x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "U3")]),
    "fields with objects": np.array([(1, "x")], dtype=[("a", "i4"), ("b", "O")]),
    "big": np.arange(200_000),
}


def _dumped(value: object, compress: Any = 0, protocol: int | None = None) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress, protocol=protocol)
    return buffer.getvalue()


def _saved(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("compress", COMPRESSIONS, ids=str)
def test_arrays_of_every_kind_are_passed_over_in_joblib_files(tmp_path: Path, compress: Any, protocol: int) -> None:
    files = {f"{name}.joblib": _dumped({"a": array, "b": "end"}, compress, protocol) for name, array in ARRAYS.items()}

    assert scanned(tmp_path, files).findings == []


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("compress", COMPRESSIONS, ids=str)
@pytest.mark.parametrize("place", ["before", "behind", "in objects"])
def test_harm_is_found_between_the_arrays_of_a_joblib_file(
    tmp_path: Path, compress: Any, protocol: int, place: str
) -> None:
    canary, arrays = Touch(tmp_path / "canary"), list(ARRAYS.values())
    harmful = {
        "before": [canary, *arrays],
        "behind": [*arrays, canary],
        "in objects": [*arrays, np.array([1, canary], dtype=object)],
    }

    report = scanned(tmp_path, {"model.bin": _dumped(harmful[place], compress, protocol)})

    assert {kind for _, kind in kinds(report)} == {"dangerous import"}
    assert not (tmp_path / "canary").exists()


def test_harm_in_the_numbers_is_found_if_another_reader_would_run_it(tmp_path: Path) -> None:
    """joblib takes the array out of the stream; `pickle.load` goes on in the middle of it."""
    canary = tmp_path / "canary"
    code = called(imported("posix", "system"), text(f"touch {canary}")) + b"."
    # Without padding, as old releases of joblib write it, the numbers follow their description at once.
    content = _dumped(np.zeros(500, np.uint8), protocol=2).replace(b"numpy_array_alignment_bytes", b"x" * 27)
    start = content.index(b"ub", content.index(b"x" * 27)) + len(b"ub")
    spoiled = content[:start] + code.ljust(500, b"\0") + b"."

    report = scanned(tmp_path, {"model.pkl": spoiled})

    assert ("model.pkl", "dangerous import") in kinds(report)
    assert not canary.exists()
    pickle.loads(spoiled)
    assert canary.exists()


def test_harm_behind_the_numbers_is_found_if_joblib_would_run_it(tmp_path: Path) -> None:
    """`pickle.load` stops in the array; joblib goes on behind it."""
    canary = tmp_path / "canary"
    content = _dumped([np.frombuffer(b"N.N.N.N.N.N.N.N.", np.uint8), Touch(canary)], protocol=2)

    report = scanned(tmp_path, {"model.pkl": content})

    assert ("model.pkl", "dangerous import") in kinds(report)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.replace(b"X\5\0\0\0shape", b"X\5\0\0\0shapx"),
        lambda content: content.replace(b"X\2\0\0\0f8", b"X\2\0\0\0f\xc3\xa9"[:7]),
        lambda content: content.replace(b"X\2\0\0\0f8", b"X\2\0\0\0zz"),
        lambda content: content.replace(b"K\3X\1\0\0\0<", b"K\3X\1\0\0\0<N"),
        lambda content: content.replace(
            b"joblib.numpy_pickle\nNumpyArrayWrapper\nq", b"joblib.numpy_pickle\nNumpyArrayWrapper\n0N"
        ),
        lambda content: content[:-200],
        lambda content: content.replace(b"ub", b"u\x85b"),
        lambda content: content.replace(b")\x81", b"N\x85\x81"),
    ],
)
def test_an_array_that_is_not_described_as_joblib_does_is_not_clean(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    content = _dumped(np.arange(300.0), protocol=2)
    spoiled = spoil(content)
    assert spoiled != content

    assert scanned(tmp_path, {"model.joblib": spoiled}).verdict != Verdict.CLEAN


def test_a_frame_around_an_array_is_not_clean(tmp_path: Path) -> None:
    """joblib would take the array from behind the frame, and run what is in it."""
    content = _dumped(np.arange(300.0), protocol=4)
    length = struct.unpack("<Q", content[3:11])[0]

    report = scanned(tmp_path, {"model.joblib": content[:3] + struct.pack("<Q", length + 50) + content[11:]})

    assert kinds(report) >= {("model.joblib", "unclear pickle")}


def _array_of(letter: str, flags: int, fields: bytes = b"N", names: bytes = b"N", data: bytes = bytes(8)) -> bytes:
    """The pickle of an array, as numpy writes it, of a type of 8 bytes that may say anything of itself."""
    return (
        b"\x80\x02"
        + imported("numpy._core.multiarray", "_reconstruct")
        + imported("numpy", "ndarray")
        + b"K\0\x85C\1b\x87R(K\1K\1\x85"
        + _dtype(letter, flags, fields, names)
        + b"\x89C" + bytes([len(data)]) + data
        + b"tb."
    )  # fmt: skip


def _dtype(letter: str, flags: int, fields: bytes = b"N", names: bytes = b"N") -> bytes:
    made = called(imported("numpy", "dtype"), text(f"{letter}8"), b"\x89", b"\x88")
    return made + b"(K\3" + text("|") + b"N" + names + fields + b"K\x08K\1K" + bytes([flags]) + b"tb"


def _fields(dtype: bytes) -> bytes:
    return b"}" + text("a") + dtype + b"K\0\x86s"


NAMES = text("a") + b"\x85"


@pytest.mark.parametrize(
    "content",
    [
        _array_of("O", 0),
        _array_of("O", 1),
        _array_of("O", 2),
        _array_of("f", 63),
        _array_of("V", 27),
        _array_of("V", 0, _fields(_dtype("O", 63)), NAMES),
        _array_of("V", 0, _fields(_dtype("V", 27, _fields(_dtype("O", 63)), NAMES)), NAMES),
        _array_of("V", 0, _fields(called(imported("numpy", "dtype"), text("O8"))), NAMES),
    ],
)
def test_a_type_that_lies_about_objects_is_found(tmp_path: Path, content: bytes) -> None:
    """numpy would take the numbers in the array for addresses of objects."""
    assert kinds(scanned(tmp_path, {"model.pkl": content})) == {("model.pkl", "unclear pickle")}


def test_a_type_that_does_not_lie_is_clean(tmp_path: Path) -> None:
    honest = {
        "f": _array_of("f", 0),
        "V": _array_of("V", 0),
        "fields": _array_of("V", 0, _fields(_dtype("f", 0)), NAMES),
        "objects": _array_of("V", 27, _fields(_dtype("O", 63)), NAMES),
    }

    assert scanned(tmp_path, {f"{name}.pkl": content for name, content in honest.items()}).findings == []
    assert pickle.loads(honest["fields"]).dtype == np.dtype([("a", "f8")])


def test_a_type_cannot_be_changed_once_it_is_complete(tmp_path: Path) -> None:
    twice = _dtype("V", 0) + b"(K\3" + text("|") + b"N" + NAMES + _fields(_dtype("O", 63)) + b"K\x08K\1K\x1btb."

    assert kinds(scanned(tmp_path, {"model.pkl": b"\x80\x02" + twice})) == {("model.pkl", "unclear pickle")}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_numpy_are_clean(tmp_path: Path, name: str) -> None:
    arrays = ARRAYS[name] if isinstance(ARRAYS[name], list) else [ARRAYS[name]]
    files = {f"{number}.npy": _saved(array) for number, array in enumerate(arrays)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, *arrays)

    assert scanned(tmp_path, files | {"all.npz": buffer.getvalue()}).findings == []


@pytest.mark.parametrize(
    "array",
    [
        lambda canary: np.array([canary], dtype=object),
        lambda canary: np.array([(1, canary)], dtype=[("a", "i4"), ("b", "O")]),
        lambda canary: np.array([((canary,),)], dtype=[("a", [("b", "O")])]),
    ],
)
def test_harm_in_an_array_of_objects_is_found(tmp_path: Path, array: Callable[[Touch], Any]) -> None:
    content = _saved(array(Touch(tmp_path / "canary")))

    report = scanned(tmp_path, {"data": content, "data.npz": zipped({"arr_0.npy": content})})

    assert kinds(report) == {("data", "dangerous import"), ("data.npz!/arr_0.npy", "dangerous import")}


@pytest.mark.parametrize(
    "content",
    [
        b"\x93NUMPY\1\0\x10\0" + b"not a dictionary",
        b"\x93NUMPY\1\0\x10\0" + b"{'shape': (1,)} ",
        b"\x93NUMPY\2\0\xff\xff\xff\xff" + bytes(100),
        b"\x93NUMPY\1\0\x10\0" + b"{'descr': 7}    ",
        b"\x93NUMPY\1\0\x20\0" + b"{'descr': '|O'}".ljust(32) + b"no pickle",
        b"\x93NUMPY\1\0\x20\0" + b"{'descr': ('|O', (2,))}".ljust(32) + b"no pickle",
    ],
)
def test_an_array_that_cannot_be_read_is_not_clean(tmp_path: Path, content: bytes) -> None:
    assert scanned(tmp_path, {"data.npy": content}).verdict == Verdict.FAILED


# PyTorch itself is too large to be here. Its files are pickles with these names in them, made by pickle itself.


class Storage:
    """Of a tensor: PyTorch's pickler writes its place in the archive."""


class Tensor:
    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return vars(sys.modules["torch._utils"])["_rebuild_tensor_v2"], (Storage(), 0, (2, 2), (2, 1), False, {})


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def rebuild(*args: object) -> None:
        """Never called: pickling only needs its name."""

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    kind = type("FloatStorage", (), {"__module__": "torch"})
    for name, content in {
        "torch": {"FloatStorage": kind},
        "torch._utils": {"_rebuild_tensor_v2": rebuild},
    }.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


class TorchPickler(pickle.Pickler):
    def persistent_id(self, value: object) -> object:
        if isinstance(value, Storage):
            return ("storage", sys.modules["torch"].FloatStorage, "0", "cpu", 4)
        return None


def _torch_pickle(value: object) -> bytes:
    buffer = io.BytesIO()
    TorchPickler(buffer, 2).dump(value)
    return buffer.getvalue()


def _torch_zip(value: object) -> bytes:
    return zipped(
        {"model/data.pkl": _torch_pickle(value), "model/data/0": bytes(16), "model/version": b"3\n"}, compression=0
    )


def _torch_legacy(value: object) -> bytes:
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True, "type_sizes": {"int": 4}}]
    pickles = b"".join(pickle.dumps(part, 2) for part in parts)
    return pickles + _torch_pickle(value) + pickle.dumps(["0"], 2) + struct.pack("<q", 4) + b"cos\nsystem\n(" * 4


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("save", [_torch_zip, _torch_legacy])
def test_tensors_of_pytorch_are_clean_for_pytorch(tmp_path: Path, save: Callable[[object], bytes]) -> None:
    content = save({"weight": Tensor()})

    assert scanned(tmp_path, {"model.pth": content}, ["pytorch"]).findings == []
    assert scanned(tmp_path, {"model.pth": content}, ["sklearn"]).verdict == Verdict.SUSPICIOUS


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("save", [_torch_zip, _torch_legacy])
def test_harm_beside_the_tensors_is_found(tmp_path: Path, save: Callable[[object], bytes]) -> None:
    content = save({"weight": Tensor(), "more": Touch(tmp_path / "canary")})

    for flavors in (["pytorch"], ["sklearn"]):
        report = scanned(tmp_path, {"model.pth": content}, flavors)

        assert "dangerous import" in {kind for _, kind in kinds(report)}


def test_harm_in_place_of_the_storages_of_an_old_file_is_found(tmp_path: Path) -> None:
    parts = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {}, {}, [])]

    report = scanned(tmp_path, {"model.pt": b"".join(parts) + evil(tmp_path / "canary", 2)}, ["pytorch"])

    assert kinds(report) == {("model.pt", "dangerous import")}


def test_harm_in_any_of_the_pickles_of_an_old_file_is_found(tmp_path: Path) -> None:
    for number in range(5):
        parts = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {}, {}, [])]
        parts[number] = evil(tmp_path / "canary", 2)

        report = scanned(tmp_path, {"model.pt": b"".join(parts)}, ["pytorch"])

        assert ("model.pt", "dangerous import") in kinds(report)
