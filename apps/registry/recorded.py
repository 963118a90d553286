"""What the record says of models, their versions and what watches them."""

from collections.abc import Mapping
from typing import Any

from apps.audit.sentences import add_sentences, name_target


def _moved(details: Mapping[str, Any]) -> str:
    archived = ", and archived version {archived}" if details.get("archived") else ""
    return f"moved {{target}} from {{before}} to {{after}}{archived}"


def _created(details: Mapping[str, Any]) -> str:
    run = " of run {run}" if details.get("run") else ""
    return f"registered {{target}} from {{source}}{run}"


def add() -> None:
    name_target("registry.registeredmodel", "model")
    name_target("registry.modelversion", "model version", before="model")
    name_target("registry.webhook", "webhook")
    add_sentences(
        {
            "registry.model.create": lambda details: (
                "made the prompt of {target}" if details.get("is_prompt") else "registered {target}"
            ),
            "registry.model.describe": "described {target}",
            "registry.model.rename": "renamed {target}, which was called {old}",
            "registry.model.delete": "deleted {target} with its versions: {versions}",
            "registry.model.set_tag": "set the tag {key} of {target} to {value}",
            "registry.model.delete_tag": "deleted the tag {key} of {target}",
            "registry.version.create": _created,
            "registry.version.describe": "described {target}",
            "registry.version.set_stage": _moved,
            "registry.version.delete": "deleted {target}, which was in {stage}",
            "registry.version.set_tag": "set the tag {key} of {target} to {value}",
            "registry.version.delete_tag": "deleted the tag {key} of {target}",
            "registry.alias.set": "pointed the alias {alias} at {target}",
            "registry.alias.delete": "deleted the alias {alias} of {target}",
            "registry.card.write": "wrote revision {revision} of the card of {target}: {sections}",
            "registry.content.sealed": "sealed the {files} files of {target}",
            "registry.content.released": "released the files of {target}",
            "registry.content.scanned": "scanned the files of {target}: {verdict}",
            "registry.content.drifted": "found that {count} files of {target} are not what was sealed",
            "registry.content.restored": "found the files of {target} to be again what was sealed",
            "registry.evidence.export": "took the evidence of {target} with them",
            "registry.webhook.create": "made {target}",
            "registry.webhook.update": "changed {target}",
            "registry.webhook.delete": "deleted {target}, which called {url}",
            "registry.webhook.test": "tried {target} with {event}",
            "registry.webhook.replay": "sent the message {delivery_id} of {target} again",
        }
    )
