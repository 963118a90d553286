"""What names and values may be. Messages are the genuine server's where a client shows them."""

import json
import posixpath
import re
from collections.abc import Sequence
from functools import lru_cache

from apps.tracking import limits
from mlregistry.errors import InvalidParameter

# Python's \w, so letters of every script; the last character may be a newline, as on the genuine server.
_NAME = re.compile(r"^[/\w.\- :]*$")
_RUN_ID = re.compile(r"^[a-zA-Z0-9][\w\-]{0,255}$")
_BAD_CHARACTERS = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:)"
    " and slashes (/)."
)
_MODEL_NAME_FORBIDS = ("/", ":", ".", "%", '"', "'")


def invalid_value(path: str, value: object, message: str = "") -> str:
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return f"Invalid value {shown} for parameter '{path}' supplied" + (f": {message}" if message else ".")


@lru_cache(maxsize=4096)
def is_good_name(name: str) -> bool:
    """Whether `name` could be a file below a folder: no odd characters, and no path that means another one."""
    return bool(_NAME.match(name)) and not _resolves_elsewhere(name)


def _resolves_elsewhere(name: str) -> bool:
    plain = posixpath.normpath(name)
    return plain != name or plain == "." or plain.startswith(("..", "/"))


def check_name(name: str, *, path: str) -> None:
    """Keys of metrics, params and tags."""
    if is_good_name(name):
        return
    if not _NAME.match(name):
        raise InvalidParameter(invalid_value(path, name, _BAD_CHARACTERS))
    raise InvalidParameter(
        invalid_value(
            path,
            name,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such."
            f" This name would resolve to {posixpath.normpath(name)!r}",
        )
    )


def check_length(what: str, value: str, limit: int) -> None:
    if len(value) > limit:
        raise InvalidParameter(f"'{what}' exceeds the maximum length of {limit} characters")


def check_metric(key: str, timestamp: int, *, path: str) -> None:
    check_name(key, path=_join(path, "name"))
    if timestamp < 0:
        raise InvalidParameter(
            invalid_value(
                _join(path, "timestamp"),
                timestamp,
                f"metric '{key}'. Timestamp must be a nonnegative long (64-bit integer) ",
            )
        )
    check_length("Metric name", key, limits.ENTITY_KEY)


def checked_param(key: str, value: str, *, path: str = "") -> str:
    """The value to keep: the genuine server cuts long ones off rather than refusing them."""
    check_name(key, path=_join(path, "key"))
    check_length("Param key", key, limits.ENTITY_KEY)
    return value[: limits.PARAM_VALUE]


def checked_tag(key: str, value: str, *, path: str = "") -> str:
    """The value to keep: the genuine server cuts long ones off rather than refusing them."""
    check_name(key, path=_join(path, "key"))
    check_length(_join(path, "key"), key, limits.ENTITY_KEY)
    return value[: limits.TAG_VALUE]


def check_experiment_tag(key: str, value: str) -> None:
    check_name(key, path="key")
    check_length("key", key, limits.EXPERIMENT_TAG_KEY)
    check_length("value", value, limits.EXPERIMENT_TAG_VALUE)


def check_experiment_name(name: str) -> None:
    check_length("name", name, limits.EXPERIMENT_NAME)


def check_logged_model_name(name: str) -> None:
    if not name or any(character in name for character in _MODEL_NAME_FORBIDS):
        raise InvalidParameter(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {_MODEL_NAME_FORBIDS}"
        )
    check_length("name", name, limits.LOGGED_MODEL_NAME)


def check_run_id(run_id: str) -> None:
    if not _RUN_ID.match(run_id):
        raise InvalidParameter(invalid_value("run_id", run_id))


def experiment_pk(experiment_id: str) -> int:
    """The primary key that an experiment id spells."""
    try:
        pk = int(experiment_id)
    except ValueError:
        raise InvalidParameter(
            f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer."
        ) from None
    return pk if -(2**63) <= pk < 2**63 else -1


def check_batch(metrics: Sequence[object], params: Sequence[object], tags: Sequence[object]) -> None:
    _check_count("metrics", limits.BATCH_METRICS, len(metrics))
    _check_count("params", limits.BATCH_PARAMS_OR_TAGS, len(params))
    _check_count("tags", limits.BATCH_PARAMS_OR_TAGS, len(tags))
    _check_count("metrics, params, and tags", limits.BATCH_ENTITIES, len(metrics) + len(params) + len(tags))


def _check_count(what: str, limit: int, count: int) -> None:
    if count > limit:
        raise InvalidParameter(
            f"A batch logging request can contain at most {limit} {what}. Got {count} {what}."
            f" Please split up {what} across multiple requests and try again."
        )


def check_page_size(max_results: int, *, limit: int = limits.PAGE) -> None:
    if max_results < 1:
        raise InvalidParameter(
            f"Invalid value {max_results} for parameter 'max_results' supplied. It must be a positive integer"
        )
    if max_results > limit:
        raise InvalidParameter(
            f"Invalid value {max_results} for parameter 'max_results' supplied. It must be at most {limit}"
        )


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
