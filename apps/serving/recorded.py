"""What the record says of images and deployments."""

from collections.abc import Mapping
from typing import Any

from apps.audit.sentences import add_sentences, name_target


def _deployed(details: Mapping[str, Any]) -> str:
    instead = ", in the place of version {before}" if details.get("before") else ""
    return f"deployed {{model}} version {{version}} to {{target}}{instead}"


def add() -> None:
    name_target("serving.image", "image")
    name_target("serving.deployment", "deployment")
    add_sentences(
        {
            "serving.image.request": "asked for {target} to be built",
            "serving.image.ready": "built {target}, which has answered",
            "serving.deployment.deploy": _deployed,
            "serving.deployment.live": "put version {version} live in {target}",
            "serving.deployment.fail": "gave up bringing version {version} to {target}: {why}",
            "serving.deployment.stop": "stopped {target}",
            "serving.deployment.delete": "deleted {target}",
        }
    )
