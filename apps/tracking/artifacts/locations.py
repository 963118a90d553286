"""Where the artifacts of experiments, runs and logged models lie, and which locations a client may name.

A location is a URI: `mlflow-artifacts:/path` for files that pass through this server, or an object store that clients
write to themselves. No location lies inside another, so a path says whose it is; see `places`.
"""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from apps.tracking.artifacts.paths import safe_path
from apps.tracking.artifacts.stores import store_of
from apps.tracking.artifacts.stores.base import ArtifactStore
from apps.tracking.limits import ARTIFACT_LOCATION
from apps.tracking.models import Experiment
from mlregistry.errors import InvalidParameter, Unsupported
from mlregistry.prefixes import begins_with

PROXY = "mlflow-artifacts"
_UNCLEAR = re.compile(r"[%?#;\\\s\x00-\x1f]|//|/\.")


def of_experiment(experiment_pk: int) -> str:
    """The folder that a new experiment gets below `MLREGISTRY_ARTIFACT_ROOT`."""
    return _below(settings.MLREGISTRY_ARTIFACT_ROOT, str(experiment_pk))


def of_run(experiment_location: str, run_id: str) -> str:
    return _below(experiment_location, f"{run_id}/artifacts")


def of_logged_model(experiment_location: str, model_id: str) -> str:
    return _below(experiment_location, f"models/{model_id}/artifacts")


def proxied(path: str) -> str:
    """How the proxy's `path` is spelled as a location."""
    return f"{PROXY}:/{path}"


def proxied_path(location: str) -> str | None:
    """The path in the proxy's store that `location` means; None if it is elsewhere."""
    parts = urlsplit(location)
    return parts.path.strip("/") if parts.scheme == PROXY and not parts.netloc else None


def check_location(location: str) -> str:
    """The location, without a trailing slash, if a client may have it for an experiment; else `InvalidParameter`.

    It must lie below `mlflow-artifacts:/`, `MLREGISTRY_ARTIFACT_ROOT` or `MLREGISTRY_ARTIFACTS`, not where experiments
    get their default folders, and neither above nor below another experiment's location. Two experiments may share one.
    """
    if len(location) > ARTIFACT_LOCATION:
        raise InvalidParameter(
            "Invalid artifact path length. The length of the artifact path cannot be "
            f"greater than {ARTIFACT_LOCATION} characters."
        )
    location = re.sub(rf"^{PROXY}:///", f"{PROXY}:/", location).rstrip("/")
    if not _is_allowed(location) or _overlaps(location):
        raise InvalidParameter(
            f"'artifact_location' cannot be {location!r}: choose a free folder with a name, not a number, below "
            f"{PROXY}:/ or the server's own artifact root, or leave it out."
        )
    return location


def open_location(location: str) -> tuple[ArtifactStore, str]:
    """The store that holds `location` and the path in it; checked again, whatever a row in the database says."""
    root, path = _root_and_path(location)
    return store_of(root), path


def itself_and_above(location: str) -> list[str]:
    """`location`, which this server reads, and every folder above it, each in every way to spell it."""
    kept = _plain(location)
    return [spelling for folder in (*_above(kept), kept) for spelling in _spellings(folder)]


def path_within(outer: str, location: str) -> str:
    """The path that leads from `outer` to `location`, which lies in it, however either of them is spelled."""
    return _path_below(_where_kept(outer), _plain(location)) or ""


def is_below_a_root(location: str) -> bool:
    """Whether `location` is spelled as a place in a store that this server reads."""
    roots = (settings.MLREGISTRY_ARTIFACT_ROOT, settings.MLREGISTRY_ARTIFACTS)
    return any(_path_below(root, location) is not None for root in roots)


def check_direct(location: str, what: str, needed: str) -> None:
    """Refuse presigned URLs of what passes through this server."""
    if proxied_path(location) is not None:
        whose = "" if what == "upload" else "runs with "
        raise InvalidParameter(
            f"Presigned {what} is not supported for {whose}proxied artifact storage "
            f"(artifact URI scheme: {PROXY}). This endpoint requires {needed}."
        )


def _root_and_path(location: str) -> tuple[str, str]:
    """The root of the store that holds `location`, and the path in it."""
    path = proxied_path(location)
    if path is not None:
        if settings.MLREGISTRY_SERVE == "no-artifacts":
            raise Unsupported("This server does not serve artifacts: MLREGISTRY_SERVE is no-artifacts.")
        return settings.MLREGISTRY_ARTIFACTS, safe_path(path)
    for root in (settings.MLREGISTRY_ARTIFACT_ROOT, settings.MLREGISTRY_ARTIFACTS):
        below = _path_below(root, location)
        if below and proxied_path(root) is None:
            return root, safe_path(below)
    raise InvalidParameter(f"This server does not read artifacts at {location!r}: it is not below its artifact root.")


def _plain(location: str) -> str:
    """The folder or object store's URI where the files of `location` are, with nothing in it to decode or to drop."""
    root, path = _root_and_path(location)
    return _below(root, path)


def _is_allowed(location: str) -> bool:
    scheme, colon, rest = location.partition(":")
    if not colon or scheme == "file" or _UNCLEAR.search(rest.removeprefix("//")):
        return False
    if scheme == PROXY and rest.startswith("//"):
        return False  # another server: clients would send their credentials there
    roots = (proxied(""), settings.MLREGISTRY_ARTIFACT_ROOT, settings.MLREGISTRY_ARTIFACTS)
    if not any(_path_below(root, location) for root in roots):
        return False
    kept = _where_kept(location)
    return not any(_claims_defaults(kept, _where_kept(root)) for root in roots)


def _claims_defaults(kept: str, root: str) -> bool:
    """Whether `kept` lies in, or has below it, a folder that `root` gives or gave to an experiment by its number."""
    below = _path_below(root, kept)
    return _path_below(kept, root) is not None or (below is not None and below.split("/")[0].isdigit())


def _overlaps(location: str) -> bool:
    """Whether another experiment's location lies above or below, in either of the ways to spell it."""
    kept = _where_kept(location)
    taken = Q(artifact_location__in=[spelling for place in _above(kept) for spelling in _spellings(place)])
    for spelling in _spellings(kept):
        taken |= begins_with("artifact_location", f"{spelling}/")
        if spelling != location:
            taken |= Q(artifact_location=spelling)
    return Experiment.objects.filter(taken).exists()


def _above(kept: str) -> list[str]:
    """Every folder above the folder or URI `kept`."""
    scheme, colon, rest = kept.partition("://") if "://" in kept else ("", "", kept)
    names = rest.split("/")
    return [f"{scheme}{colon}{'/'.join(names[:count])}" for count in range(1, len(names))]


def _where_kept(location: str) -> str:
    """The folder or object store's URI where the files of `location` are."""
    path = proxied_path(location)
    root = settings.MLREGISTRY_ARTIFACTS.rstrip("/")
    return location if path is None else f"{root}/{path}".rstrip("/")


def _spellings(kept: str) -> list[str]:
    path = _path_below(settings.MLREGISTRY_ARTIFACTS, kept)
    return [kept, proxied(path)] if path else [kept]


def _path_below(root: str, location: str) -> str | None:
    """What comes after `root` in `location`: "" if they are the same, None if it is not below."""
    if location.rstrip("/") == root.rstrip("/"):
        return ""
    prefix = root if root.endswith("/") else f"{root}/"
    return location.removeprefix(prefix) if location.startswith(prefix) else None


def _below(root: str, path: str) -> str:
    return f"{root.rstrip('/')}/{path}"
