"""Pickles that chance has changed: the scan never raises, and is never clean where unpickling would call what it must
not. What it would do is asked of Python's own unpickler, with stand-ins for whatever it imports."""

import codecs
import io
import pickle
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.registry.choices import Verdict
from apps.registry.content.scanning.allowed import Allowed
from apps.registry.content.scanning.operands import unescaped
from tests.registry.content.assembling import ROUTES, imported, short
from tests.registry.content.making import evil, scanned, zipped

with_examples = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
NOWHERE = Path("/nonexistent")
GOOD = [
    pickle.dumps([{"a": (1, 2.5, None)}, b"x" * 300, {1, 2}, 1 << 70, "é" * 300], protocol) for protocol in range(6)
]
BAD = [evil(NOWHERE, protocol) for protocol in range(6)] + [route("true") for route in ROUTES.values()]
ALLOWED = Allowed(["sklearn"])
LONGEST = 1 << 20

Change = tuple[int, int, bytes]


class _Unpickler(pickle._Unpickler):  # type: ignore[name-defined,misc]  # noqa: SLF001  the one in Python can be instrumented
    """Imports stand-ins, and notes which of them are called."""

    dispatch = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]  # noqa: SLF001

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.called: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> Any:
        def make(cls: type, *args: object, **options: object) -> object:
            self.called.add((module, name))
            return object.__new__(cls)

        return type("StandIn", (), {"__new__": make, "__init__": lambda *_args, **_options: None})

    def load_bytearray8(self) -> None:
        """As it is, but for lengths that would take all memory before they fail."""
        length = int.from_bytes(self.read(8), "little")
        if length > LONGEST:
            raise pickle.UnpicklingError
        self.append(bytearray(self.read(length)))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


def called_by(content: bytes) -> set[tuple[str, str]]:
    """What unpickling `content` calls, up to where it fails or ends."""
    unpickler = _Unpickler(content)
    with suppress(Exception):  # whatever it fails of, what was called was called
        unpickler.load()
    return unpickler.called


def changed(content: bytes, changes: list[Change]) -> bytes:
    """`content` with some bytes of it replaced by others."""
    for at, length, instead in changes:
        start = at % (len(content) + 1)
        content = content[:start] + instead + content[start + length :]
    return content


opcodes = st.sampled_from([bytes([code]) for code in b"RbcitopO.0(2\x93\x81\x94"])
changes = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 6), st.binary(max_size=6) | opcodes), min_size=1, max_size=6
)
pieces = st.tuples(st.sampled_from(GOOD + BAD), st.sampled_from(BAD), st.integers(0, 500), st.integers(0, 500)).map(
    lambda drawn: drawn[0][: drawn[2]] + drawn[1][drawn[3] :]
)
names = st.sampled_from(["model.pkl", "notes.txt"])
FRAGMENTS = [
    *(short(word) for word in ("os", "posix", "system", "numpy", "dtype", "sum", "x")),
    *(imported("os", "system"), imported("numpy", "dtype"), imported("builtins", "list")),
    *(b"h" + bytes([index]) for index in range(4)),
    *(b"q" + bytes([index]) for index in range(4)),
    *(bytes([code]) for code in b"(012NRtldeuasbo)]}\x81\x85\x86\x87\x8f\x90\x91\x92\x93\x94"),
    b"K\1", b"iposix\nsystem\n", b"S'posix'\n", b"Vsystem\n", b"\x80\x04", b"N.",
]  # fmt: skip
programs = st.lists(st.sampled_from(FRAGMENTS), min_size=3, max_size=40).map(b"".join)


def _holds(root: Path, name: str, content: bytes) -> None:
    report = scanned(root, {name: content})

    harmful = {key for key in called_by(content) if key not in ALLOWED}
    assert report.verdict != Verdict.CLEAN or not harmful, (content, harmful)
    assert all(finding.keys() == {"path", "kind", "severity", "detail"} for finding in report.findings)
    assert not any("could not be read to its end" in finding["detail"] for finding in report.findings)


@with_examples
@given(st.sampled_from(BAD), changes, names)
def test_harm_that_was_changed_is_found_as_long_as_it_is_harm(
    tmp_path: Path, content: bytes, made: list[Change], name: str
) -> None:
    _holds(tmp_path, name, changed(content, made))


@with_examples
@given(pieces, names)
def test_harm_that_was_sewn_to_something_else_is_found(tmp_path: Path, content: bytes, name: str) -> None:
    _holds(tmp_path, name, content)


@with_examples
@given(programs, names)
def test_programs_of_chance_are_followed_as_python_follows_them(tmp_path: Path, content: bytes, name: str) -> None:
    _holds(tmp_path, name, content)


@with_examples
@given(st.binary(max_size=60), names)
def test_chance_alone_raises_nothing(tmp_path: Path, content: bytes, name: str) -> None:
    _holds(tmp_path, name, b"\x80\x04" + content)


@with_examples
@given(st.sampled_from(GOOD), st.integers(0, 2000))
def test_what_was_cut_short_is_not_clean(tmp_path: Path, content: bytes, at: int) -> None:
    cut = content[: at % len(content)]

    assert scanned(tmp_path, {"model.pkl": cut}).verdict == Verdict.FAILED


@with_examples
@given(changes)
def test_a_broken_archive_raises_nothing(tmp_path: Path, made: list[Change]) -> None:
    content = changed(zipped({"a.txt": b"text", "bad": evil(NOWHERE)}), made)

    report = scanned(tmp_path, {"a.zip": content})

    assert report.files_count == 1


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from([b"\\", b"x", b"7", b"0", b"41", b"n", b"'", b'"', b"q", b"\xe9"])).map(b"".join))
def test_escapes_mean_what_they_mean_to_python(quoted: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = codecs.escape_decode(quoted)[0]
        except ValueError:
            with pytest.raises(ValueError, match=r"\\"):
                unescaped(quoted)
            return

    assert unescaped(quoted) == expected


@pytest.mark.parametrize("content", BAD)
def test_the_oracle_sees_the_harm_itself(content: bytes) -> None:
    assert called_by(content) or content == ROUTES["a second pickle"]("true")
