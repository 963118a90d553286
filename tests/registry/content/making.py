"""Versions to look into, and pickles that would do harm."""

import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from apps.registry.content.files import VersionFiles
from apps.registry.content.scanning import Report, scan
from apps.tracking.artifacts.stores.local import LocalStore


def version_of(root: Path, files: Mapping[str, bytes]) -> VersionFiles:
    """A version in a store at `root`, with these files."""
    store = LocalStore(root)
    for path, content in files.items():
        store.write(f"model/{path}", [content])
    return VersionFiles(store, "model")


def scanned(root: Path, files: Mapping[str, bytes], flavors: Iterable[str] = ("sklearn",)) -> Report:
    return scan(version_of(root, files), flavors)


def kinds(report: Report) -> set[tuple[str, str]]:
    """What was found, and where."""
    return {(finding["path"], finding["kind"]) for finding in report.findings}


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.canary}",)


def evil(canary: Path, protocol: int = 4) -> bytes:
    return pickle.dumps({"weights": [1, 2, 3], "more": Touch(canary)}, protocol)


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
