"""Where a version's files come from: what clients may name, whose it must be, and where it lies.

A source says `runs:/…`, `models:/…`, `mlflow-artifacts:/…`, or an address in a store that clients write to themselves.
What this server can read it also serves, so such a source must lie within the run or logged model that is named with
it. Registering seals those files, so it asks for EDIT there: whoever only reads a run must not stop it from logging.
"""

from dataclasses import dataclass, replace
from urllib.parse import unquote_plus, urlsplit

from django.conf import settings

from apps.accounts.models import User
from apps.registry import limits
from apps.registry.models import ModelVersion
from apps.registry.queries.registered_models import get_model
from apps.registry.queries.versions import get_version, get_version_by_alias, latest_in_stages
from apps.tracking.artifacts import locations
from apps.tracking.models import LoggedModel, Run
from apps.tracking.queries.logged_models import get_logged_model
from apps.tracking.queries.runs import get_run
from apps.tracking.rules import check_length
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level

PROMPT_SOURCES = ("dummy-source", "prompt-template")
"""What MLflow's clients send for prompts, which have no files."""

_RELATIVE = (
    "Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp,"
    " objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references"
    " present. Please provide an absolute path."
)
_LOCAL = (
    "Invalid model version source: '{source}'. To use a local path as a model version source, the run_id request"
    " parameter has to be specified and the local path has to be contained within the artifact directory of the run"
    " specified by the run_id."
)
_NOT_WITHIN = (
    "Invalid model version source: '{source}'. The {field} request parameter must identify the resource that contains"
    " the source."
)
_FOREIGN = "Invalid model version source: '{source}'. Registered model sources must use the active model registry."
_OTHER_IDS = (
    "Invalid model version source: '{source}'. The run_id and model_id request parameters must match the referenced"
    " model version."
)
_PROMPT = "Invalid model version source: '{source}'. Prompt versions cannot be used as model version sources."
_NOT_ALLOWED = (
    "Invalid model version source: '{source}'. This server takes runs:/, models:/ and its own artifacts, and sources"
    " that begin with one of: {allowed}."
)
_MOST_DECODINGS = 10


@dataclass(frozen=True, slots=True)
class Source:
    """What a version is registered from."""

    uri: str
    """As the version shows it."""
    location: str = ""
    """Where the files lie; empty for prompts."""
    run_id: str = ""
    logged_model_id: str = ""
    copy_of: ModelVersion | None = None
    """The registered version whose files these are, where it was named as the source."""


def copied(version: ModelVersion) -> Source:
    """The same files again, under whatever name."""
    return Source(
        f"models:/{version.model.name}/{version.version}",
        version.location,
        version.run_id,
        version.logged_model_id,
        copy_of=version,
    )


def prompt_source(uri: str) -> Source:
    """The placeholder that stands for a prompt's missing files, and nothing else: a prompt is no way around checks."""
    if uri not in PROMPT_SOURCES:
        raise InvalidParameter(f"Invalid prompt source: '{uri}'. Prompt sources must use an MLflow placeholder.")
    return Source(uri)


def resolve(user: User, uri: str, *, run_id: str | None, model_id: str | None) -> Source:
    """The source that `uri` names, as far as `user` may register from it. Ids are None where nobody gave any."""
    check_length("source", uri, limits.SOURCE)
    _check_absolute(uri)
    scheme = urlsplit(uri).scheme
    if scheme == "models" and not _logged_model_id(uri):
        return _from_version(user, uri, run_id=run_id, model_id=model_id)
    pins = scheme in ("models", "runs") or _is_read_here(uri)
    given = Source(uri, run_id=run_id or "", logged_model_id=model_id or "")
    source = _authorised(user, given, at_least=Level.EDIT if pins else Level.READ)
    match scheme:
        case "models":
            return _from_logged_model(user, source)
        case "runs":
            return _from_run(user, source)
        case "" | "file":
            raise InvalidParameter(_LOCAL.format(source=uri))
    if pins:
        _require_within(user, source)
    elif not uri.startswith(settings.MLREGISTRY_MODEL_SOURCES):
        raise InvalidParameter(_NOT_ALLOWED.format(source=uri, allowed=", ".join(settings.MLREGISTRY_MODEL_SOURCES)))
    return replace(source, location=uri)


def _check_absolute(uri: str) -> None:
    """Refuse parents, doubled slashes in the path, and what only looks harmless until it is decoded."""
    decoded = uri
    for _ in range(_MOST_DECODINGS):
        once = unquote_plus(decoded)
        if once == decoded:
            break
        decoded = once
    names = decoded.split("/")
    if once != decoded or ".." in names or "." in names or any(sign in decoded for sign in "\0\\#?;"):
        raise InvalidParameter(_RELATIVE.format(source=uri))


def _authorised(user: User, source: Source, *, at_least: Level) -> Source:
    """The source, once its ids are known to be there and the user's to use; a logged model brings its run along."""
    run_level = at_least
    if source.logged_model_id:
        model = get_logged_model(user, source.logged_model_id, at_least=at_least)
        source, run_level = replace(source, run_id=source.run_id or model.source_run_id), Level.READ
    if source.run_id:
        get_run(user, source.run_id, at_least=run_level)
    return source


def _logged_model_id(uri: str) -> str:
    """The id in `models:/<id>`, empty where the path names a version of a registered model."""
    path = _models_path(uri)
    return "" if "/" in path or "@" in path else path


def _models_path(uri: str) -> str:
    parts = urlsplit(uri)
    path = parts.path.removeprefix("/")
    if parts.netloc:
        raise InvalidParameter(_FOREIGN.format(source=uri))
    if not path or path.startswith("/") or path.count("/") > 1:
        raise InvalidParameter(_NOT_WITHIN.format(source=uri, field="model_id"))
    return path


def _from_logged_model(user: User, source: Source) -> Source:
    if source.logged_model_id != _logged_model_id(source.uri):
        field = "model_id" if source.logged_model_id or not source.run_id else "run_id"
        raise InvalidParameter(_NOT_WITHIN.format(source=source.uri, field=field))
    model = get_logged_model(user, source.logged_model_id, at_least=Level.READ)
    return replace(source, location=model.artifact_location)


def _from_run(user: User, source: Source) -> Source:
    parts = urlsplit(source.uri)
    run_id, _, path = parts.path.removeprefix("/").partition("/")
    if parts.netloc or source.logged_model_id:
        raise InvalidParameter(
            _NOT_WITHIN.format(source=source.uri, field="model_id" if source.logged_model_id else "run_id")
        )
    if not source.run_id or run_id != source.run_id or not path:
        raise InvalidParameter(_NOT_WITHIN.format(source=source.uri, field="run_id"))
    return replace(source, location=_in_run(get_run(user, run_id), path.strip("/")))


def _in_run(run: Run, path: str) -> str:
    """Where a model that a run logged under `path` lies: MLflow 3 keeps it beside the run, MLflow 2 in its folder."""
    made = LoggedModel.objects.filter(source_run_id=run.uuid, name=path, experiment=run.experiment_id)
    model = made.order_by("-creation_timestamp", "-pk").first()
    return model.artifact_location if model else f"{run.artifact_uri}/{path}"


def _from_version(user: User, uri: str, *, run_id: str | None, model_id: str | None) -> Source:
    version = _version(user, _models_path(uri), uri)
    if version.model.is_prompt:
        raise InvalidParameter(_PROMPT.format(source=uri))
    if run_id not in (None, version.run_id) or model_id not in (None, version.logged_model_id):
        raise InvalidParameter(_OTHER_IDS.format(source=uri))
    return copied(version)


def _version(user: User, path: str, uri: str) -> ModelVersion:
    name, slash, suffix = path.partition("/")
    if not slash:
        name, _, alias = path.rpartition("@")
        return get_version_by_alias(user, name, alias)
    if suffix.isdigit():
        get_model(user, name, at_least=Level.READ)  # a missing name is told apart from a missing number
        return get_version(user, name, suffix, at_least=Level.READ)
    if suffix.lower() == "latest":
        return get_version_by_alias(user, name, suffix)
    found = latest_in_stages(user, name, [suffix])
    if not found:
        raise NotFound(f"No versions of model with name '{name}' and stage '{suffix}' found")
    return found[0]


def _is_read_here(uri: str) -> bool:
    """Whether this server could open `uri`: what it serves must belong to somebody."""
    if urlsplit(uri).scheme == locations.PROXY:
        return True
    return locations.is_below_a_root(uri)


def _require_within(user: User, source: Source) -> None:
    if source.logged_model_id:
        root = get_logged_model(user, source.logged_model_id, at_least=Level.READ).artifact_location
    elif source.run_id:
        root = get_run(user, source.run_id).artifact_uri
    else:
        root = ""
    if not root or not f"{_canonical(source.uri)}/".startswith(f"{root.rstrip('/')}/"):
        field = "model_id" if source.logged_model_id else "run_id"
        raise InvalidParameter(_NOT_WITHIN.format(source=source.uri, field=field))


def _canonical(uri: str) -> str:
    """`mlflow-artifacts:///x` as `mlflow-artifacts:/x`."""
    return uri.replace(f"{locations.PROXY}:///", f"{locations.PROXY}:/", 1).rstrip("/")
