"""Advisories on packages of PyPI in OSV's format, from a file beside the server: nobody is asked.

A JSON file holds one advisory, a list of them, or `{"vulns": […]}`; a zip or a folder holds such files. Matching is as
https://ossf.github.io/osv-schema/ says, with versions compared as PyPI compares them.
"""

import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mlregistry.errors import InvalidParameter
from mlregistry.printable import printable

ECOSYSTEM = "PyPI"
LARGEST_FILE = 1024**3
"""Bytes of one JSON file, unpacked."""


class _Package(msgspec.Struct):
    name: str = ""
    ecosystem: str = ""


class _Event(msgspec.Struct):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None


class _Range(msgspec.Struct):
    type: str = ""
    events: list[_Event] = []


class _Affected(msgspec.Struct):
    package: _Package = msgspec.field(default_factory=_Package)
    ranges: list[_Range] = []
    versions: list[str] = []


class Advisory(msgspec.Struct):
    """What is read of an advisory; all else is left out."""

    id: str
    modified: str = ""
    aliases: list[str] = []
    withdrawn: str | None = None
    affected: list[_Affected] = []


class _File(msgspec.Struct):
    """A JSON object: one advisory, unless it has several."""

    vulns: list[Advisory] | None = None


@dataclass(frozen=True, slots=True)
class Advisories:
    count: int
    newest: datetime
    """When the newest of them was modified."""
    _by_package: dict[str, list[Advisory]]

    def about(self, package: str, version: Version) -> list[Advisory]:
        """Those that list this version of the package; a local build (2.1.0+cu118) is the release that it is of."""
        name, public = canonicalize_name(package), Version(version.public)
        return [each for each in self._by_package.get(name, ()) if _lists(each, name, public)]


def load_advisories(path: str) -> Advisories:
    """Everything at `path`, read anew once it has changed; `InvalidParameter` if there is none or one is unreadable."""
    place = Path(path)
    try:
        return _load(place, _state_of(place))
    except OSError as error:
        raise InvalidParameter(f"The advisories at {path} cannot be read: {error.strerror}.") from None


def _state_of(place: Path) -> tuple[tuple[str, int, int], ...]:
    """What differs once something there has changed."""
    return tuple((str(file), (stat := file.stat()).st_mtime_ns, stat.st_size) for file in _files(place))


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return sorted(file for file in place.rglob("*") if file.suffix in (".json", ".zip") and file.is_file())


@lru_cache(maxsize=1)
def _load(place: Path, state: tuple[tuple[str, int, int], ...]) -> Advisories:
    by_package: dict[str, list[Advisory]] = defaultdict(list)
    newest, seen = "", set()
    for name, raw in _raw(place):
        for advisory in _decoded(name, raw):
            if advisory.id in seen or advisory.withdrawn:
                continue
            seen.add(advisory.id)
            newest = max(newest, advisory.modified)
            for package in {canonicalize_name(each.package.name) for each in advisory.affected if _is_pypi(each)}:
                by_package[package].append(advisory)
    if not seen:
        raise InvalidParameter(f"There are no advisories at {place}.")
    return Advisories(len(seen), _time(newest), dict(by_package))


def _raw(place: Path) -> Iterator[tuple[str, bytes]]:
    """Every JSON file there is, with its name."""
    for file in _files(place):
        if file.suffix != ".zip":
            yield file.name, file.read_bytes()
            continue
        try:
            with zipfile.ZipFile(file) as archive:
                for member in archive.infolist():
                    if member.filename.endswith(".json"):
                        if member.file_size > LARGEST_FILE:
                            raise InvalidParameter(f"{printable(member.filename)} in {file} is too large to be read.")
                        yield member.filename, archive.read(member)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InvalidParameter(f"The advisories in {file} cannot be read: {error}") from None


def _decoded(name: str, raw: bytes) -> list[Advisory]:
    try:
        if raw.lstrip().startswith(b"["):
            return msgspec.json.decode(raw, type=list[Advisory])
        found = msgspec.json.decode(raw, type=_File)
        if found.vulns is not None:
            return found.vulns
        return [msgspec.json.decode(raw, type=Advisory)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidParameter(f"{printable(name)} is no advisory in OSV's format: {error}") from None


def _is_pypi(affected: _Affected) -> bool:
    return affected.package.ecosystem.partition(":")[0] == ECOSYSTEM


def _lists(advisory: Advisory, package: str, version: Version) -> bool:
    return any(
        _is_pypi(affected)
        and canonicalize_name(affected.package.name) == package
        and (_is_named(affected, version) or any(_is_within(each, version) for each in affected.ranges))
        for affected in advisory.affected
    )


def _is_named(affected: _Affected, version: Version) -> bool:
    return any(_version(each) == version for each in affected.versions)


def _is_within(span: _Range, version: Version) -> bool:
    """Whether the events, in order, leave the version affected. One that no version can be made of lists all."""
    if span.type not in ("ECOSYSTEM", "SEMVER"):
        return False
    events: list[tuple[Version | None, str]] = []
    for event in span.events:
        for kind in ("introduced", "fixed", "last_affected"):
            written = getattr(event, kind)
            if written is None:
                continue
            at = None if written == "0" else _version(written)
            if at is None and written != "0":
                return True
            events.append((at, kind))
    events.sort(key=lambda event: (event[0] is not None, event[0] or Version("0")))
    affected = False
    for at, kind in events:
        reached = at is None or version >= at
        if kind == "introduced" and reached:
            affected = True
        elif reached and (kind == "fixed" or version != at):
            affected = False
    return affected


def _version(written: str) -> Version | None:
    try:
        return Version(written)
    except InvalidVersion:
        return None


def _time(written: str) -> datetime:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
