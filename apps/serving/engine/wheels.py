"""Fetching the packages that a model needs: the step of a build that has a network, and runs nothing of what comes."""

from collections.abc import Iterable
from importlib.resources import files
from typing import NamedTuple

from django.conf import settings

from apps.serving.engine.client import BuildFailed, Client, Say, put, remove, take

FOLDER, CACHE = "/work", "/cache"
VOLUME = "mlregistry-packages"
"""Where the engine keeps what has been fetched before. Pip alone writes there, and files are held against hashes."""
LINES_NAMED = 5
PROGRAMS = files("apps.serving") / "image"


class Wheels(NamedTuple):
    """An image that holds them, to be removed by whoever asked for it, and the lock: one line for each package."""

    image: str
    lock: str


def fetch(client: Client, *, base: str, wanted: Iterable[str], say: Say) -> Wheels:
    """Find what goes together and satisfies the lines `wanted`; where these have hashes, it is exactly those."""
    container = client.containers.create(
        base,
        ["python3", "-I", f"{FOLDER}/fetch.py"],
        network_mode=settings.MLREGISTRY_SERVING_FETCH_NETWORK,
        environment={
            "PIP_INDEX_URL": settings.MLREGISTRY_SERVING_INDEX,
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_CACHE_DIR": CACHE,
        },
        volumes={VOLUME: {"bind": CACHE, "mode": "rw"}},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=settings.MLREGISTRY_SERVING_MEMORY,
    )
    try:
        lines = "".join(f"{line}\n" for line in wanted)
        program = PROGRAMS.joinpath("fetch.py").read_bytes()
        put(container, "/", {"work/requirements.txt": lines.encode(), "work/fetch.py": program})
        container.start()
        said = [_say(line, say) for line in container.logs(stream=True, follow=True)]
        if container.wait()["StatusCode"]:
            why = [line for line in said if line.startswith("ERROR")] or said
            raise BuildFailed(f"The packages cannot be had. {' '.join(why[-LINES_NAMED:])}")
        return Wheels(container.commit().id, take(container, f"{FOLDER}/lock.txt").decode())
    finally:
        remove(container)


def _say(line: bytes, say: Say) -> str:
    text = line.decode(errors="replace").rstrip()
    say(text)
    return text
