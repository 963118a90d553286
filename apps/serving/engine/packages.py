"""The packages that a model needs, installed on the base image: fetched with a network, installed without one.

Only wheels are fetched, so nothing of what comes is run. What was installed once is kept, by base and lock: building
the next version with the same packages takes neither step again.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from django.conf import settings
from docker.errors import ImageNotFound

from apps.serving.engine.client import PROGRAMS, BuildFailed, Client, Say, packed, put, remove, remove_image, take
from apps.serving.engine.images import build

FOLDER, CACHE = "/work", "/cache"
VOLUME = "mlregistry-packages"
"""Where the engine keeps what has been fetched before. Pip alone writes there, and files are held against hashes."""
HASH = " --hash="
LINES_NAMED = 5


class Packages(NamedTuple):
    """An image that has them, and the lock: a line for each package, with version and hash, as pip reads it."""

    image: str
    lock: str


def install(
    client: Client,
    *,
    base: str,
    wanted: Sequence[str],
    labels: Mapping[str, str],
    check: Callable[[str], None],
    say: Say,
) -> Packages:
    """Packages that go together and satisfy the lines `wanted`; where these are a lock, it is exactly those.

    `check` is given the lock before anything of it is installed; it may raise.
    """
    if wanted and all(HASH in line for line in wanted):
        lock = "".join(f"{line}\n" for line in wanted)
        if (kept := _kept(client, base, lock)) is not None:
            return Packages(kept, lock)
    wheels, lock = _fetch(client, base, wanted, labels, say)
    try:
        check(lock)
        if (kept := _kept(client, base, lock)) is not None:
            return Packages(kept, lock)
        context = {name: PROGRAMS.joinpath(name).read_bytes() for name in ("packages.Dockerfile", "install.py")}
        made = build(
            client,
            context=packed({**context, "lock.txt": lock.encode()}),
            dockerfile="packages.Dockerfile",
            arguments={"BASE": base, "WHEELS": wheels},
            tag=_tag(base, lock),
            say=say,
        )
        return Packages(made.id, lock)
    finally:
        remove_image(client, wheels)


def _fetch(client: Client, base: str, wanted: Iterable[str], labels: Mapping[str, str], say: Say) -> tuple[str, str]:
    """An image that holds the wheels, to be removed, and the lock."""
    container = client.containers.create(
        base,
        ["python3", "-I", f"{FOLDER}/fetch.py"],
        labels=dict(labels),
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
        return container.commit().id, take(container, f"{FOLDER}/lock.txt").decode()
    finally:
        remove(container)


def _kept(client: Client, base: str, lock: str) -> str | None:
    try:
        return str(client.images.get(_tag(base, lock)).id)
    except ImageNotFound:
        return None


def _tag(base: str, lock: str) -> str:
    return f"mlregistry/packages:{hashlib.sha256(f'{base} {lock}'.encode()).hexdigest()}"


def _say(line: bytes, say: Say) -> str:
    text = line.decode(errors="replace").rstrip()
    say(text)
    return text
