"""The lines that bring a run about once more, as far as its tags tell. Nothing in them can become a second command."""

import re
import shlex
from collections.abc import Mapping, Sequence

_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
_REPOSITORY = re.compile(r"(https?://|ssh://|git@)[^\s'\"]+")
_GITHUB = re.compile(r"(https://github\.com/[\w.-]+/[\w.-]+?)(\.git)?/?")


def reproduction(tags: Mapping[str, str], params: Sequence[tuple[str, str]]) -> str:
    """Shell commands; empty if the tags name neither a commit nor a script nor a project."""
    lines = []
    commit, repository = tags.get("mlflow.source.git.commit", ""), tags.get("mlflow.source.git.repoURL", "")
    if _REPOSITORY.fullmatch(repository):
        lines.append(f"git clone {shlex.quote(repository)} source && cd source")
    if _COMMIT.fullmatch(commit):
        lines.append(f"git checkout {commit}")
    entry, source = tags.get("mlflow.project.entryPoint", ""), tags.get("mlflow.source.name", "")
    if entry:
        given = "".join(f" \\\n  -P {shlex.quote(f'{key}={value}')}" for key, value in params)
        lines.append(f"mlflow run . -e {_argument(entry)}{given}")
    elif source and tags.get("mlflow.source.type", "LOCAL") == "LOCAL":
        command = "python " if source.endswith(".py") else ""
        lines.append(f"{command}{_argument(source)}")
    return "\n".join(lines)


def commit_address(tags: Mapping[str, str]) -> str:
    """Where the commit is shown, if it is on GitHub."""
    repository = _GITHUB.fullmatch(tags.get("mlflow.source.git.repoURL", ""))
    commit = tags.get("mlflow.source.git.commit", "")
    return f"{repository[1]}/commit/{commit}" if repository and _COMMIT.fullmatch(commit) else ""


def _argument(text: str) -> str:
    """`text` as one word of the shell that is no option."""
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
