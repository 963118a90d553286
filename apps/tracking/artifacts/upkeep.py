"""What is done for artifacts behind everybody's back: hashes that no upload gave, and leftovers of broken uploads."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from apps.tracking.artifacts.locations import open_location
from apps.tracking.artifacts.stores import proxied_store
from apps.tracking.models import ArtifactFile
from mlregistry.errors import NotFound

LEFT_OVER = timedelta(days=2)
"""An upload that nobody has continued for so long was given up, or its server was killed."""

Progress = Callable[[int, int], None]
"""Told how many bytes are done, of how many. It may raise to stop."""


def hash_file(*, file_pk: int, progress: Progress) -> bool:
    """Read a file whose bytes never passed here, and remember its hash; False if there is no such file any more."""
    row = ArtifactFile.objects.filter(pk=file_pk, sha256=None).first()
    if row is None:
        return False
    store, path = open_location(row.uri)
    try:
        file = store.open(path)
    except NotFound:
        return False
    digest, done = hashlib.sha256(), 0
    try:
        if file.stored.marker != row.marker:
            return False
        for chunk in file.chunks(0, row.size):
            digest.update(chunk)
            done += len(chunk)
            progress(done, row.size)
    finally:
        file.close()
    # Whoever uploaded it anew meanwhile made another marker, and the next hash is of that.
    same = ArtifactFile.objects.filter(pk=row.pk, marker=row.marker)
    return done == row.size and bool(same.update(sha256=digest.hexdigest()))


def sweep_uploads() -> int:
    """Remove what uploads that never finished left in the proxy's store; how many there were."""
    return proxied_store().sweep(LEFT_OVER)
