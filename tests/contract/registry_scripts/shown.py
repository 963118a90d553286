"""How the scripts beside this file tell what they were answered, one line each. May import MLflow only."""

from collections.abc import Callable
from typing import Any

from mlflow.exceptions import MlflowException


def told(what: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Print what a call answered, or by which code it was refused; and give the answer back."""
    try:
        answer = call(*args, **kwargs)
    except MlflowException as refused:
        print(f"{what}: refused, {refused.error_code}")
        return None
    print(f"{what}: {shown(answer)}")
    return answer


def shown(value: Any) -> str:
    """An entity by the fields that every server fills alike; lists by their items."""
    kind = type(value).__name__
    if isinstance(value, list | tuple):
        return f"[{'; '.join(shown(item) for item in value)}]" + ("…" if getattr(value, "token", None) else "")
    if kind in ("RegisteredModel", "ModelVersion"):
        return f"{kind}({', '.join(f'{name}={field}' for name, field in _fields(value, kind))})"
    if kind in ("Prompt", "PromptVersion"):
        names = ("name", "version", "template", "commit_message", "description", "tags", "aliases", "variables")
        fields = {name: getattr(value, name) for name in names if hasattr(value, name)}
        return f"{kind}({', '.join(f'{name}={_sorted(field)}' for name, field in fields.items())})"
    return _sorted(value)


def _fields(value: Any, kind: str) -> list[tuple[str, str]]:
    names = ["name", "description", "tags", "aliases"]
    if kind == "ModelVersion":
        names += ["version", "current_stage", "source", "run_id", "run_link", "status"]
    found = [(name, _sorted(getattr(value, name))) for name in names]
    if kind == "RegisteredModel":
        latest = sorted((version.current_stage, version.version) for version in value.latest_versions)
        found.append(("latest", str(latest)))
    return found


def _sorted(value: Any) -> str:
    """Dictionaries, sets and lists of words in an order that no server chooses."""
    if isinstance(value, dict):
        return str(sorted(value.items()))
    if isinstance(value, set) or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return str(sorted(value))
    return str(value)
