"""What a prompt's version says, which MLflow's clients keep in its tags."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from apps.registry.rules import PROMPT_TEXT_TAG, PROMPT_TYPE_TAG

_OWN_TAGS = ("mlflow.prompt.", "_mlflow_")
_VARIABLE = re.compile(r"(\{\{\s*[a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z_][a-zA-Z0-9_]*)*\s*\}\})")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of a template as it is, or one of its variables."""

    text: str
    is_variable: bool


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    """Who says it in a chat; empty for a plain template."""
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Template:
    messages: list[Message]
    variables: list[str]
    """In the order in which they come up."""
    text: str
    """All of it, as it is compared line by line."""


def template_of(tags: Mapping[str, str]) -> Template:
    """The template of a prompt's version. A chat that cannot be read as one is shown as it was written."""
    written = tags.get(PROMPT_TEXT_TAG, "")
    said = _chat(written) if tags.get(PROMPT_TYPE_TAG) == "chat" else None
    if said is None:
        said, text = [("", written)], written
    else:
        text = "\n\n".join(f"{role}:\n{content}" for role, content in said)
    messages = [Message(role, _pieces(content)) for role, content in said]
    variables = [piece.text.strip("{} ") for message in messages for piece in message.pieces if piece.is_variable]
    return Template(messages, list(dict.fromkeys(variables)), text)


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people set, without those in which clients keep the prompt itself."""
    return {key: value for key, value in tags.items() if not key.startswith(_OWN_TAGS)}


def _chat(written: str) -> list[tuple[str, str]] | None:
    try:
        messages = json.loads(written)
    except (ValueError, RecursionError):
        return None
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return None
    return [(str(message.get("role", "")), _content(message.get("content", ""))) for message in messages]


def _content(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)


def _pieces(text: str) -> list[Piece]:
    parts = _VARIABLE.split(text)
    return [Piece(part, is_variable=number % 2 == 1) for number, part in enumerate(parts) if part]
