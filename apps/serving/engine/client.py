"""Talking to the Docker Engine, and what every container of ours is kept from."""

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.resources import files
from typing import Any, TypeAlias

import docker
import requests
from django.conf import settings
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.containers import Container

from mlregistry.errors import Busy, InvalidState

Client: TypeAlias = docker.DockerClient
Say = Callable[[str], None]
"""Told each line of what goes on. It may raise to stop."""

PROGRAMS = files("apps.serving") / "image"
"""What goes into images."""
TIMEOUT_S = 600
"""For one answer of the engine: a layer of a gigabyte takes it a while."""
PIDS = 256


class BuildFailed(InvalidState):
    """No image came of it; the sentence says why."""


@contextmanager
def connected() -> Iterator[Client]:
    """The engine that `DOCKER_HOST` names, or the one on this machine; `Busy` where none answers."""
    try:
        client = docker.from_env(timeout=TIMEOUT_S)
        client.ping()
    except (DockerException, requests.RequestException) as error:
        raise Busy(
            f"No Docker Engine answers this worker: {error}. Start one, or name it by DOCKER_HOST for the worker."
        ) from None
    try:
        yield client
    except (APIError, requests.RequestException) as error:
        said = error.explanation if isinstance(error, APIError) and error.explanation else error
        raise Busy(f"The Docker Engine refused: {said}") from error
    finally:
        client.close()


def base_image(client: Client) -> Any:
    """The image that all others are built on, pulled where it is not there."""
    name = settings.MLREGISTRY_SERVING_BASE
    with suppress(ImageNotFound):
        return client.images.get(name)
    try:
        return client.images.pull(name)
    except APIError as error:
        raise BuildFailed(
            f"The base image {name} is not there and cannot be pulled: {error.explanation or error}. Make it, or name"
            " another by MLREGISTRY_SERVING_BASE."
        ) from None


def contained() -> dict[str, Any]:
    """What a container with others' code may not: be root, get rights, write, or use up the machine."""
    return {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": settings.MLREGISTRY_SERVING_MEMORY,
        "pids_limit": PIDS,
        "read_only": True,
        "tmpfs": {"/tmp": "size=256m,mode=1777"},  # noqa: S108  in the container
    }


def put(container: Container, folder: str, files: Mapping[str, bytes]) -> None:
    """Lay files into a container that was created."""
    container.put_archive(folder, packed(files).getvalue())


def packed(files: Mapping[str, bytes]) -> io.BytesIO:
    """A few small files as an archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            add(archive, name, io.BytesIO(content), len(content))
    made.seek(0)
    return made


def take(container: Container, path: str) -> bytes:
    """One small file out of a container."""
    chunks, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        member = archive.extractfile(archive.next() or tarfile.TarInfo())
        return member.read() if member else b""


def add(archive: tarfile.TarFile, name: str, file: Any, size: int) -> None:
    """A file whose owner, mode and time are the same whoever packs it, and whenever."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    archive.addfile(info, file)


def remove(container: Container) -> None:
    """Away with it, whatever state it is in; one that somebody else removes at this moment is as good as gone."""
    with suppress(APIError):
        container.remove(force=True, v=True)


def remove_image(client: Client, image: str) -> None:
    """Likewise; one that a container still runs stays."""
    with suppress(APIError):
        client.images.remove(image)
