"""YAML out of uploaded files: plain data, and no more of it than it looks."""

from typing import Any

import yaml

from mlregistry.errors import InvalidParameter

LONGEST = 1024 * 1024
DEEPEST = 32
MOST_NODES = 100_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(raw: bytes, name: str) -> object:
    """What the file `name` says. `InvalidParameter` if it is no YAML, or too long, too deep, or a bomb of aliases."""
    if len(raw) > LONGEST:
        raise InvalidParameter(f"{name} has {len(raw):,} bytes; it can have {LONGEST:,}.")
    try:
        _refuse_bombs(raw, name)
        return yaml.load(raw, Loader=_Loader)  # noqa: S506  one of the two safe loaders
    except InvalidParameter:
        raise
    except Exception as error:  # noqa: BLE001  its own errors, and whatever Python raises for an impossible date
        raise InvalidParameter(f"{name} is not valid YAML: {_told(error)}.") from None


def _refuse_bombs(raw: bytes, name: str) -> None:
    """Count the nodes that there will be once every alias stands for what it names; a few lines can name billions."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    count = 0
    for event in yaml.parse(raw, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise InvalidParameter(f"{name} has an alias for something that it is a part of.")
            count += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, count))
            count += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            _remember(sizes, anchor, count - before)
        elif isinstance(event, yaml.ScalarEvent):
            count += 1
            _remember(sizes, event.anchor, 1)
        if len(open_nodes) > DEEPEST:
            raise InvalidParameter(f"{name} is nested more than {DEEPEST} deep.")
        if count > MOST_NODES:
            raise InvalidParameter(f"{name} has more than {MOST_NODES:,} values, counting each alias as what it names.")


def _remember(sizes: dict[str, int], anchor: str | None, size: int) -> None:
    if anchor is not None:
        sizes[anchor] = size


def _told(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return type(error).__name__
