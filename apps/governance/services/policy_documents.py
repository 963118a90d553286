"""Policies as people write them: YAML."""

from collections.abc import Mapping
from typing import Any

import yaml

from mlregistry.errors import InvalidParameter

LONGEST = 50_000


def read_document(text: str, *, longest: int = LONGEST) -> dict[str, Any]:
    """The mapping that the text is; `InvalidParameter` says in which line it is none."""
    if len(text) > longest:
        raise InvalidParameter(f"This has at most {longest:,} characters, not {len(text):,}.")
    try:
        # Nobody needs references in a policy, and a few of them can stand for gigabytes.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise InvalidParameter("A policy uses no references (*name): write out what is meant.")
        found = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InvalidParameter(f"This is no YAML{where}: {error.problem or error.context}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidParameter(f"This is no YAML: {error}") from None
    if not isinstance(found, Mapping) or not all(isinstance(key, str) for key in found):
        raise InvalidParameter("A policy is a mapping of fields to what they say, such as “approvals: 2”.")
    return dict(found)


def written_document(document: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=100, default_flow_style=None)
    return text
