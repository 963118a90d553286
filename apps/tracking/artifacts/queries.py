"""Reading artifacts: what is in a folder, and what is known of a file."""

from apps.accounts.models import User
from apps.tracking.artifacts.locations import proxied
from apps.tracking.artifacts.places import Place, moved_out_of, proxied_place, visible_names
from apps.tracking.artifacts.stores import proxied_store
from apps.tracking.artifacts.stores.base import Entry, Stored
from apps.tracking.models.artifacts import ArtifactFile
from mlregistry.levels import Level


def list_proxied(user: User, path: str) -> list[Entry]:
    """What lies directly in the proxy's folder `path`. Above all experiments, only the way to those `user` may read."""
    names = visible_names(user, path)
    if names is None:
        place = proxied_place(user, path, at_least=Level.READ)
        gone = moved_out_of(place)
        return [entry for entry in place.store.entries(place.path) if proxied(entry.path) not in gone]
    return [entry for entry in proxied_store().entries(path) if entry.is_dir and entry.path.split("/")[-1] in names]


def list_below(root: Place, path: str) -> list[Entry]:
    """What lies directly in the folder `path` of `root`, with paths relative to `root`."""
    folder = root.below(path)
    start = len(root.path) + 1
    return [Entry(entry.path[start:], entry.is_dir, entry.size) for entry in folder.store.entries(folder.path)]


def known_sha256(place: Place, stored: Stored) -> str | None:
    """The hash of the content that the store holds right now, if it passed through this server."""
    row = ArtifactFile.objects.filter(uri=place.uri, marker=stored.marker).values_list("sha256").first()
    return row[0] if row else None
