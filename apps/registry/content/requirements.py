"""What a model's requirements.txt asks for, read by pip's rules for lines, and without what must not be installed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.version import InvalidVersion, Version

from mlregistry.errors import InvalidParameter
from mlregistry.printable import printable

LONGEST = 1024 * 1024
MOST = 5_000
LONGEST_LINE_SHOWN = 300
_COMMENT = re.compile(r"(^|\s+)#.*$")
_HASH_OPTION = re.compile(r"\s--hash[=\s]\s*(\S+)")
_ARCHIVES = (".whl", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz", ".xz", ".txz", ".tlz", ".lz", ".lzma")
_HASHES = {"sha256": 64, "sha384": 96, "sha512": 128}

OPTIONS = {
    ("-r", "--requirement"): "It includes another file; list what is needed here.",
    ("-c", "--constraint"): "It includes another file; write versions here.",
    ("-e", "--editable"): "It installs from a folder or repository; name a released package.",
    ("-i", "--index-url", "--extra-index-url", "--no-index"): "It chooses the index; that is for this server to do.",
    ("-f", "--find-links"): "It chooses where packages are found; that is for this server to do.",
    ("--trusted-host",): "It switches checks off.",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One package. `version` is the only one that will do, empty if there is none such; then `specifier` says more."""

    name: str
    version: str = ""
    specifier: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    hashes: tuple[str, ...] = ()

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        marker = f"; {self.marker}" if self.marker else ""
        return f"{self.name}{extras}{self.specifier}{marker}"


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that will not be followed, and why."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Requirements:
    pinned: list[Requirement] = field(default_factory=list)
    unpinned: list[Requirement] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)


def parse_requirements(text: str) -> Requirements:
    """Sort the lines of a requirements.txt into packages with one version, packages without, and what is refused."""
    if len(text) > LONGEST:
        raise InvalidParameter(f"The requirements have {len(text):,} characters; they can have {LONGEST:,}.")
    found = Requirements()
    for count, line in enumerate(_lines(text), start=1):
        if count > MOST:
            raise InvalidParameter(f"The requirements have more than {MOST:,} lines.")
        try:
            requirement = _requirement(line)
        except InvalidParameter as error:
            found.refused.append(RefusedLine(printable(line, LONGEST_LINE_SHOWN), error.message))
        else:
            (found.pinned if requirement.version else found.unpinned).append(requirement)
    return found


def _lines(text: str) -> Iterator[str]:
    """The lines that say something, as pip joins and cuts them: a comment ends a line that goes on."""
    parts: list[str] = []
    for line in text.removeprefix("\ufeff").splitlines():
        is_comment = _COMMENT.match(line) is not None
        parts.append(f" {line}" if is_comment else line.removesuffix("\\"))
        if line.endswith("\\") and not is_comment:
            continue
        yield from _said(parts)
        parts = []
    yield from _said(parts)


def _said(parts: list[str]) -> Iterator[str]:
    line = _COMMENT.sub("", "".join(parts)).strip()
    if line:
        yield line


def _requirement(line: str) -> Requirement:
    """The package that a line names; `InvalidParameter` with the reason if it is none that may be installed."""
    _refuse_options(line)
    hashes = tuple(_checked_hash(value) for value in _HASH_OPTION.findall(line))
    line = _HASH_OPTION.sub("", line)
    if re.search(r"\s-", line):
        raise InvalidParameter("It has options for pip; --hash is the only one that is taken.")
    try:
        parsed = ParsedRequirement(line)
    except InvalidRequirement:
        raise InvalidParameter(_why_none(line)) from None
    if parsed.url is not None:
        raise InvalidParameter("It names an address; name a released package and its version.")
    if parsed.name.lower().endswith(_ARCHIVES):  # pip looks for such a file before it asks an index
        raise InvalidParameter("It names a file or folder; name a released package and its version.")
    return Requirement(
        name=parsed.name,
        version=_only_version(parsed),
        specifier=str(parsed.specifier),
        extras=tuple(sorted(parsed.extras)),
        marker=str(parsed.marker or ""),
        hashes=hashes,
    )


def _refuse_options(line: str) -> None:
    if not line.startswith("-"):
        return
    for names, reason in OPTIONS.items():
        for name in names:
            # pip takes -rfile and --requirement=file as well.
            if line.startswith(name if len(name) == len("-r") else (f"{name} ", f"{name}=")) or line == name:
                raise InvalidParameter(reason)
    raise InvalidParameter("It is an option for pip; a line can only name a package.")


def _why_none(line: str) -> str:
    if re.match(r"(git|hg|svn|bzr)\+", line):
        return "It names a repository; name a released package and its version."
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", line):
        return "It names an address; name a released package and its version."
    if "/" in line or "\\" in line or line.startswith("."):
        return "It names a file or folder; name a released package and its version."
    return "It is not a requirement; write name==version."


def _checked_hash(value: str) -> str:
    algorithm, _, digest = value.partition(":")
    if len(digest) != _HASHES.get(algorithm) or not re.fullmatch(r"[0-9a-fA-F]+", digest):
        raise InvalidParameter("It has a hash that is none; write --hash=sha256: and 64 hexadecimal digits.")
    return f"{algorithm}:{digest.lower()}"


def _only_version(parsed: ParsedRequirement) -> str:
    """The version, if only one will do: `==1.2.*` and `===anything else` leave open which."""
    pins = [pin for pin in parsed.specifier if pin.operator in ("==", "===")]
    if len(pins) != 1:
        return ""
    try:
        return str(Version(pins[0].version))
    except InvalidVersion:
        return ""
