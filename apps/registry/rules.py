"""What names, tags and versions may be. Messages are the genuine server's where a client shows them."""

import posixpath
import re

from apps.registry import limits
from apps.tracking.rules import check_length, check_name, invalid_value
from mlregistry.errors import InvalidParameter, NotFound

PROMPT_TAG = "mlflow.prompt.is_prompt"
PROMPT_TEXT_TAG = "mlflow.prompt.text"
PROMPT_TYPE_TAG = "_mlflow_prompt_type"
LATEST = "latest"

_ALIAS = re.compile(r"[\w\-]*")
_LOOKS_LIKE_A_VERSION = re.compile(r"[vV]\d+")
_ALIAS_CHARACTERS = "Names may only contain alphanumerics, underscores (_), and dashes (-)."
_HIGHEST_VERSION = 2**31 - 1


def check_model_name(name: str, *, field: str = "name") -> None:
    """Any text that could be one folder's name: cases differ, and nothing in it leads elsewhere."""
    if not name.strip():
        raise InvalidParameter(f"Missing value for required parameter '{field}'.")
    if "\0" in name:
        raise InvalidParameter(f"Invalid model name {name!r}. Names cannot contain a null character.")
    if "/" in name or ":" in name:
        raise InvalidParameter(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    if posixpath.normpath(name) != name or name in (".", ".."):
        raise InvalidParameter(
            invalid_value(
                "name",
                name,
                "Names may be treated as files in certain cases, and must not resolve to other names when treated as"
                f" such. This name would resolve to {posixpath.normpath(name)!r}",
            )
        )
    check_length(field, name, limits.MODEL_NAME)


def version_number(written: str, *, name: str) -> int:
    """The number that a version's text spells; a number that no version can have is of none that is there."""
    try:
        number = int(written)
    except ValueError:
        raise InvalidParameter(f"Parameter 'version' must be an integer, got '{written}'.") from None
    if not 0 < number <= _HIGHEST_VERSION:
        raise NotFound(f"Model Version (name={name}, version={number}) not found")
    return number


def check_alias(alias: str) -> None:
    if not _ALIAS.fullmatch(alias):
        raise InvalidParameter(f"Invalid alias name: '{alias}'. {_ALIAS_CHARACTERS}")
    check_length("Registered model alias name", alias, limits.ALIAS)


def check_alias_is_free(alias: str) -> None:
    """Refuse what already means something: `latest`, and `v1`, which reads like a version."""
    if alias.lower() == LATEST:
        raise InvalidParameter("'latest' alias name (case insensitive) is reserved.")
    if _LOOKS_LIKE_A_VERSION.fullmatch(alias):
        raise InvalidParameter(f"Version alias name '{alias}' is reserved.")


def check_tag(key: str, value: str) -> None:
    check_name(key, path="key")
    check_length("key", key, limits.TAG_KEY)
    if key == PROMPT_TEXT_TAG and len(value) > limits.TAG_VALUE:
        raise InvalidParameter(f"Prompt text exceeds max length of {limits.TAG_VALUE} characters.")
    check_length("value", value, limits.TAG_VALUE)


def check_description(description: str) -> None:
    check_length("description", description, limits.DESCRIPTION)


def says_prompt(value: str) -> bool:
    """Whether a value of the prompt's tag makes a prompt of what has it."""
    return value.lower() == "true"
