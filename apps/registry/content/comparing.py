"""Whether the files of a version still are what its manifest says."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.registry.choices import Difference
from apps.registry.content.files import VersionFiles, sha256_of
from apps.registry.models import ContentFile
from apps.tracking.artifacts.upkeep import Progress
from mlregistry.errors import NotFound


@dataclass
class Comparison:
    """What a look at the store came to."""

    differences: dict[str, Difference] = field(default_factory=dict)
    """By path."""
    moved: list[ContentFile] = field(default_factory=list)
    """Files with the same content under another marker, which they now have: copied or restored, not changed."""


def compare(known: Iterable[ContentFile], files: VersionFiles, *, deep: bool, progress: Progress) -> Comparison:
    """Hold the store against the manifest. Read are files whose marker is another; with `deep`, all of them."""
    manifest = {file.path: file for file in known}
    there = {file.path: file for file in files}
    found = Comparison()
    for path in there.keys() - manifest.keys():
        found.differences[path] = Difference.ADDED
    for path in manifest.keys() - there.keys():
        found.differences[path] = Difference.MISSING
    doubtful = []
    for path in sorted(manifest.keys() & there.keys()):
        if there[path].size != manifest[path].size:
            found.differences[path] = Difference.CHANGED
        elif deep or there[path].marker != manifest[path].marker:
            doubtful.append(manifest[path])
    _read(doubtful, files, found, progress)
    return found


def _read(doubtful: list[ContentFile], files: VersionFiles, found: Comparison, progress: Progress) -> None:
    total, done = sum(file.size for file in doubtful), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    for file in doubtful:
        try:
            now = files.open(file.path)
        except NotFound:
            found.differences[file.path] = Difference.MISSING
            continue
        try:
            same = sha256_of(now, count) == file.sha256
        finally:
            now.close()
        if not same:
            found.differences[file.path] = Difference.CHANGED
        elif now.stored.marker != file.marker:
            file.marker = now.stored.marker
            found.moved.append(file)
