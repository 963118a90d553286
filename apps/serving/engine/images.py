"""Building an image, in the engine and without a network."""

from collections.abc import Mapping
from typing import IO, Any

from apps.serving.engine.client import BuildFailed, Client, Say

LINES_NAMED = 5


def build(
    client: Client,
    *,
    context: IO[bytes],
    dockerfile: str,
    arguments: Mapping[str, str],
    tag: str,
    say: Say,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """The image of a packed context. Its last lines tell why there is none."""
    said: list[str] = []
    for step in client.api.build(
        fileobj=context,
        custom_context=True,
        dockerfile=dockerfile,
        tag=tag,
        labels=dict(labels or {}),
        buildargs=dict(arguments),
        network_mode="none",
        rm=True,
        forcerm=True,
        decode=True,
    ):
        line = step.get("stream", "").rstrip()
        if line:
            said.append(line)
            say(line)
        if "error" in step:
            why = " ".join([*said[-LINES_NAMED:], str(step["error"])])
            raise BuildFailed(f"The image cannot be built. {why}")
    return client.images.get(tag)
