"""What an entry of the record says, as a sentence: "ada gave team ml-core EDIT on experiment churn".

Each app owns the sentences of its own actions and adds them while Django starts:

    add_sentence("tracking.run.delete", "deleted {target}")
    add_sentence("accounts.person.set_admin", lambda details: "made {target} …" if details.get("is_admin") else "…")

`{target}` is what it was done to, any other `{name}` that detail of the entry, and `{name:behind}` what stands in it
behind its colon ("team:ml-core"). Who did it stands before the sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from apps.audit.models import Entry
from mlregistry.actor import ActorKind

Template = str | Callable[[Mapping[str, Any]], str]

SYSTEM = "system:"
LISTED = 5
LONGEST = 200
"""Letters of one detail in a sentence; the entry itself has all of them."""

_sentences: dict[str, Template] = {}
_words: dict[str, str] = {}
_prefixes: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence. What is `said` was written by somebody: it is set apart where it is shown."""

    text: str
    is_said: bool = False


def add_sentence(action: str, template: Template) -> None:
    _sentences[action] = template


def add_sentences(templates: Mapping[str, Template]) -> None:
    _sentences.update(templates)


def name_target(label: str, word: str, *, before: str | None = None) -> None:
    """What targets of the model `label` ("tracking.loggedmodel") are called, also `before` their names in sentences."""
    _words[label] = word
    _prefixes[label] = word if before is None else before


def known_actions() -> list[str]:
    return sorted(_sentences)


def known_targets() -> list[tuple[str, str]]:
    """Kinds of targets: the model's label, and the word for it."""
    return sorted(_words.items(), key=lambda item: item[1])


def spoken(entry: Entry) -> list[Part]:
    """The sentence in parts. An action that nobody has words for any more is named as it was recorded."""
    template = _sentences.get(entry.action)
    if template is None:
        return [*_actor(entry), Part(f" did {entry.action}"), *_on(entry)]
    parts = _actor(entry)
    text = template if isinstance(template, str) else template(entry.details)
    for literal, name, form, _ in Formatter().parse(f" {text}"):
        parts.append(Part(literal))
        if name == "target":
            parts += _target(entry)
        elif name is not None:
            parts.append(Part(_value(entry.details.get(name), behind_colon=form == "behind"), is_said=True))
    return [part for part in parts if part.text]


def sentence(entry: Entry) -> str:
    """The sentence as plain text."""
    return "".join(part.text for part in spoken(entry))


def _actor(entry: Entry) -> list[Part]:
    if entry.kind == ActorKind.SYSTEM:
        if not entry.username.startswith(SYSTEM):
            return [Part("somebody who is not signed in")]
        return [Part("the server ("), Part(entry.username.removeprefix(SYSTEM), is_said=True), Part(")")]
    if entry.kind == ActorKind.SERVICE_ACCOUNT:
        name, owner = Part(entry.username, is_said=True), Part(entry.owner, is_said=True)
        return [Part("service account "), name, Part(" (of "), owner, Part(")")]
    return [Part(entry.username, is_said=True)]


def _target(entry: Entry) -> list[Part]:
    if not entry.target_type:
        return [Part("nothing")]
    word = _prefixes.get(entry.target_type, entry.target_type)
    return [Part(f"{word} " if word else ""), Part(_cut(entry.target_name or entry.target_id), is_said=True)]


def _on(entry: Entry) -> list[Part]:
    return [Part(" to "), *_target(entry)] if entry.target_type else []


def _value(value: Any, *, behind_colon: bool = False) -> str:
    match value:
        case None | "" | []:
            return "nothing"
        case list():
            named = ", ".join(_value(item) for item in value[:LISTED])
            return f"{named} and {len(value) - LISTED} more" if len(value) > LISTED else named
        case str():
            return _cut(value.partition(":")[2] if behind_colon else value)
    return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
