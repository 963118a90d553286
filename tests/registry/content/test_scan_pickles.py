"""Pickles that run something are found, whatever way they take; and they do not run while they are looked at."""

import gzip
import io
import pickle
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from apps.registry.choices import Verdict
from apps.registry.content.scanning import opcodes, pieces
from tests.registry.content.assembling import ROUTES, called, data, imported, short, text
from tests.registry.content.making import Touch, evil, kinds, scanned, tarred, zipped

STACK_GLOBAL = b"\x93"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.mark.parametrize("name", ["model.pkl", "notes.txt", "weights.safetensors", "model"])
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_to_running_a_command_is_found(tmp_path: Path, canary: Path, route: str, name: str) -> None:
    payload = ROUTES[route](f"touch {canary}")

    report = scanned(tmp_path, {name: payload})

    assert report.verdict == Verdict.SUSPICIOUS
    assert {finding["path"] for finding in report.findings} == {name}
    assert not canary.exists()


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_does_run_the_command_when_it_is_unpickled(canary: Path, route: str) -> None:
    stream = io.BytesIO(ROUTES[route](f"touch {canary}"))

    with suppress(pickle.UnpicklingError, EOFError, IndexError):
        while True:
            pickle.load(stream)

    assert canary.exists()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("flavors", [["sklearn"], ["python_function"], []])
def test_what_pickle_writes_is_found_in_every_protocol(
    tmp_path: Path, canary: Path, protocol: int, flavors: list[str]
) -> None:
    report = scanned(tmp_path, {"data.bin": evil(canary, protocol)}, flavors)

    assert kinds(report) == {("data.bin", "dangerous import")}
    assert report.findings[0]["severity"] == "critical"
    assert "posix.system" in report.findings[0]["detail"]
    assert not canary.exists()


def test_what_is_packed_is_found_where_it_is(tmp_path: Path, canary: Path) -> None:
    packed = tarred({"inner/model.zip": zipped({"good.txt": b"", "bad.txt": evil(canary)})}, "w:gz")

    report = scanned(tmp_path, {"assets.tar.gz": packed})

    assert kinds(report) == {("assets.tar.gz!/assets.tar!/inner/model.zip!/bad.txt", "dangerous import")}
    assert not canary.exists()


def test_an_import_that_is_not_called_is_found_if_the_file_is_a_pickle(tmp_path: Path) -> None:
    report = scanned(tmp_path, {"0.txt": imported("some.library", "thing") + b".", "4.txt": pickle.dumps(print)})

    assert kinds(report) == {("0.txt", "unknown import"), ("4.txt", "dangerous import")}


def test_what_one_flavor_needs_is_foreign_to_another(tmp_path: Path) -> None:
    content = b"\x80\x04" + imported("lightgbm.basic", "Booster") + b")\x81."

    assert scanned(tmp_path, {"model.pkl": content}, ["lightgbm"]).verdict == Verdict.CLEAN
    assert scanned(tmp_path, {"model.pkl": content}, ["pytorch"]).verdict == Verdict.SUSPICIOUS


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x80\x04\x82\x07.", "from the registry of extensions"),
        (b"\x80\x04\x84\x07\0\0\0)R.", "from the registry of extensions"),
        (b"\x80\x04" + short("thing") + b"Q.", "that the program which loads it supplies"),
        (b"\x80\x04Pthing\n.", "that the program which loads it supplies"),
        (b"\x80\x04" + short("numpy") + text("x" * 1000) + STACK_GLOBAL + b".", "is put together while it is loaded"),
        (
            # The slots of a state are set on the class, for every instance there is.
            b"\x80\x04" + imported("sklearn.svm._classes", "SVC") + b"N}" + text("predict") + imported("numpy", "sum")
            + b"s\x86b.",
            "it changes sklearn.svm._classes.SVC itself",
        ),
        (
            b"\x80\x04" + imported("builtins", "list") + b"]a.",
            "it calls a method of builtins.list itself",
        ),
        (
            b"\x80\x04" + called(called(imported("sklearn.metrics._scorer", "_PassthroughScorer")), text("x")) + b".",
            "it calls what another call gave",
        ),
        (
            b"\x80\x04" + imported("builtins", "list") + called(imported("builtins", "tuple"), b"]") + b"R.",
            "the arguments of a call are put together by another call",
        ),
        (
            b"\x80\x04" + called(imported("numpy", "dtype"), text("float64")) + b")b.",
            "a type of numpy is not described as numpy describes it",
        ),
        (
            b"\x80\x04" + called(imported("numpy", "ndarray"), b"K\1\x85", text("O"), data(bytes(8))) + b".",
            "it makes an array in a way that pickles do not",
        ),
        (
            b"\x80\x04" + called(imported("numpy", "dtype"), b"]" + text("O") + b"a") + b".",
            "a type of numpy is not described as numpy describes it",
        ),
        (
            b"\x80\x04" + called(imported("_codecs", "encode"), text("x"), text("unicode_escape")) + b".",
            "it encodes text in a way that pickles do not",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_not_clean(tmp_path: Path, content: bytes, says: str) -> None:
    report = scanned(tmp_path, {"model.pkl": content})

    assert report.verdict == Verdict.SUSPICIOUS
    assert says in report.findings[0]["detail"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty file"),
        (b"\x80\x04", "it ends early"),
        (b"\x80\x04N", "it ends early"),
        (b"\x80\x04\xff.", "an unknown opcode"),
        (b"\x80\x06N.", "a protocol that is not known"),
        (b"\x80\x04h\7.", "asks for what it did not keep"),
        (b"\x80\x04R.", "takes more from its stack than there is"),
        (b"\x80\x04.", "takes more from its stack than there is"),
        (b"\x80\x04X\xff\xff\0\0abc", "ends in the middle of an opcode"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"abc", "says that more follows than there is"),
        (b"\x80\x04cos\nsystem", "ends in the middle of a line"),
        (b"\x80\x04X\1\0\0\0\xff.", "a text or a number that is none"),
        (b"\x80\x04NN\x93.", "imports what is no name"),
        (b"\x80\x04N)R.", "calls what cannot be called"),
        (b"\x80\x04N.trailing", "From byte 4 on it is no whole pickle"),
        (b"words, not opcodes", "From byte 0 on it is no whole pickle"),
    ],
)
def test_what_is_broken_is_not_clean(tmp_path: Path, content: bytes, says: str) -> None:
    report = scanned(tmp_path, {"model.pkl": content})

    assert report.verdict == Verdict.FAILED
    assert [(finding["kind"], finding["severity"]) for finding in report.findings] == [("unreadable", "warning")]
    assert says in report.findings[0]["detail"]


def test_a_formula_of_statsmodels_is_code(tmp_path: Path) -> None:
    def pickled(*state: bytes) -> bytes:
        return b"\x80\x04" + imported("statsmodels.base.data", "PandasData") + b")\x81" + b"".join(state) + b"b."

    plain = pickled(b"}", text("endog"), b"Ns")
    formula = pickled(b"}", text("restore_design_info"), b"\x88s", text("formula"), text("y ~ x"), b"s")
    hidden = pickled(called(imported("builtins", "dict"), b"]"))
    disguised = pickled(b"}", called(imported("numpy", "str_"), text("restore_design_info")), b"\x88s")
    files = {"plain.pkl": plain, "formula.pkl": formula, "hidden.pkl": hidden, "disguised.pkl": disguised}

    report = scanned(tmp_path, files, ["statsmodels"])

    assert kinds(report) == {
        ("formula.pkl", "code in pickle"),
        ("hidden.pkl", "unclear pickle"),
        ("disguised.pkl", "unclear pickle"),
    }


def test_an_object_whose_state_matters_cannot_be_made_in_a_roundabout_way(tmp_path: Path) -> None:
    roundabout = called(
        imported("sklearn.metrics._dist_metrics", "newObj"), imported("statsmodels.base.data", "PandasData")
    )
    state = b"}" + text("restore_design_info") + b"\x88sb."

    report = scanned(tmp_path, {"model.pkl": b"\x80\x04" + roundabout + state}, ["sklearn", "statsmodels"])

    assert kinds(report) == {("model.pkl", "unclear pickle")}


@pytest.mark.parametrize("endless", [b"(", b"N", b"Nq\1\x94", b")\x85"])
def test_a_pickle_of_endless_values_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endless: bytes
) -> None:
    monkeypatch.setattr(opcodes, "MOST_VALUES", 100_000)

    report = scanned(tmp_path, {"model.pkl": b"\x80\x04" + endless * 200_000})

    assert report.verdict == Verdict.FAILED
    assert "more than 100,000 values" in report.findings[0]["detail"]


@pytest.mark.parametrize("endless", [b"N0", b"N."])
def test_a_pickle_of_endless_opcodes_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endless: bytes
) -> None:
    monkeypatch.setattr(pieces, "STEPS_AT_LEAST", 500_000)
    packed = gzip.compress(b"\x80\x04" + endless * 500_000)

    report = scanned(tmp_path, {"model.pkl.gz": packed})

    assert report.verdict == Verdict.FAILED
    assert "more opcodes than can be followed" in report.findings[0]["detail"]


@pytest.mark.parametrize("length", [500, 65_536, 200_000])
def test_long_texts_are_passed_over(tmp_path: Path, length: int) -> None:
    long = b"x" * length
    files = {"V": b"V" + long + b"\n.", "S": b"S'" + long + b"'\n.", "X": text(long.decode()) + b"."}
    files |= {"I": b"I" + b"7" * length + b"\n.", "L": b"L" + b"7" * length + b"L\n."}

    assert scanned(tmp_path, {f"{name}.pkl": content for name, content in files.items()}).findings == []


@pytest.mark.parametrize("opcode", [b"V", b"S'", b"N0c", b"N0cos\n", b"N0g", b"Np"])
@pytest.mark.parametrize("end", [b"", b"\n."])
def test_a_line_without_end_is_no_name_and_no_number(tmp_path: Path, opcode: bytes, end: bytes) -> None:
    report = scanned(tmp_path, {"model.pkl": opcode + b"7" * 200_000 + end})

    assert report.verdict == (Verdict.CLEAN if opcode in b"VS'" and end else Verdict.FAILED)


def test_endless_imports_are_told_of_with_measure(tmp_path: Path) -> None:
    content = b"".join(imported("library", f"thing{number}") + b"0" for number in range(3000))

    report = scanned(tmp_path, {"model.pkl": b"\x80\x04" + content + b"N."})

    assert report.verdict == Verdict.SUSPICIOUS
    assert len(report.findings) == 500


def test_harm_is_told_even_if_the_rest_cannot_be_read(tmp_path: Path, canary: Path) -> None:
    whole = evil(canary)

    report = scanned(tmp_path, {"model.pkl": whole[:-3] + b"\xff"})

    assert report.verdict == Verdict.SUSPICIOUS
    assert kinds(report) == {("model.pkl", "dangerous import"), ("model.pkl", "unreadable")}


def test_what_is_shown_of_a_hostile_name_is_harmless(tmp_path: Path) -> None:
    name = "\0\ud800\x1b[31m<script>" + "x" * 90
    content = b"\x80\x04\x8c\x01m\x8d" + struct.pack("<Q", len(name.encode(errors="surrogatepass")))

    report = scanned(tmp_path, {"model.pkl": content + name.encode(errors="surrogatepass") + b"\x93."})

    detail = report.findings[0]["detail"]
    assert r"\x00\ud800\x1b[31m<script>" in detail
    assert detail.isprintable()
    assert len(detail) < 300


def test_a_class_of_ones_own_is_unknown(tmp_path: Path) -> None:
    report = scanned(tmp_path, {"model.pkl": pickle.dumps(Touch)})

    assert [(finding["kind"], finding["severity"]) for finding in report.findings] == [("unknown import", "warning")]
