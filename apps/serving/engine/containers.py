"""Running images, shut in, and asking them what their first caller would."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from docker.errors import NotFound
from docker.models.containers import Container

from apps.serving.engine.client import BuildFailed, Client, contained, remove

ASK = ["/opt/venv/bin/python", "-I", "/opt/scorer/ask.py"]
WITHIN_S = 180
"""In which a model has to be loaded."""
AGAIN_S = 0.5
OK = 200
LOG_LINES = 15
SERVER, ROLLOUT, IMAGE = "mlregistry.server", "mlregistry.rollout", "mlregistry.image"
"""Labels of containers: of which server they are, and of which rollout, or of which image's build."""

Labels = Mapping[str, str]
Answer = dict[str, Any]
"""`asked`: the path of the input, empty where it was only asked whether it is there; `status`, `seconds`, `answer`."""


def run_alone(client: Client, image: str, *, labels: Labels) -> Container:
    """A container to try an image in, without any network."""
    container: Container = client.containers.run(
        image, detach=True, network_mode="none", labels=dict(labels), **contained()
    )
    return container


def run_deployed(client: Client, image: str, *, name: str, labels: Labels) -> Container:
    """A container that this machine reaches, that reaches nobody, and that is started again when it dies."""
    with suppress(NotFound):  # of an attempt that was cut short
        remove(client.containers.get(name))
    container: Container = client.containers.run(
        image,
        detach=True,
        name=name,
        labels=dict(labels),
        network=_network(client),
        restart_policy={"Name": "unless-stopped"},
        **contained(),
    )
    return container


def address_of(container: Container) -> str:
    """The address that it has in our network now."""
    container.reload()
    networks = container.attrs["NetworkSettings"]["Networks"]
    return str(networks.get(settings.MLREGISTRY_SERVING_NETWORK, {}).get("IPAddress", ""))


def labelled(client: Client, label: str) -> list[Container]:
    """The containers of all servers that have this label, whether they run or not."""
    found: list[Container] = client.containers.list(all=True, filters={"label": [SERVER, label]})
    return found


def first_answer(container: Container, *, example: str, check: Callable[[], None]) -> Answer:
    """Wait until it has loaded its model, and ask; `BuildFailed` with its last lines where it does not answer well."""
    until = time.monotonic() + WITHIN_S
    answer = _ask(container, "")
    while answer["status"] != OK:
        check()
        container.reload()
        if container.status != "running" or time.monotonic() > until:
            end = "it ended" if container.status != "running" else f"it did not answer within {WITHIN_S} seconds"
            raise BuildFailed(f"The model cannot be loaded: {end}. {last_lines(container)}")
        time.sleep(AGAIN_S)
        answer = _ask(container, "")
    if example:
        answer = _ask(container, example)
        if answer["status"] != OK:
            said = answer.get("error") or answer["answer"]
            raise BuildFailed(f"Asked with {example}, it answered {answer['status'] or 'nothing'}: {said}")
    return answer


def last_lines(container: Container) -> str:
    said: bytes = container.logs(tail=LOG_LINES)
    return said.decode(errors="replace").strip()


def _ask(container: Container, example: str) -> Answer:
    """By a program in the container, so that it takes no network to reach it."""
    with suppress(Exception):
        done = container.exec_run([*ASK, example], demux=True)
        if done.exit_code == 0:
            answer: Answer = json.loads(done.output[0])
            return {"asked": example, **answer}
    return {"asked": example, "status": None, "seconds": 0.0, "answer": "", "error": "it could not be asked"}


def _network(client: Client) -> str:
    """Made once: internal, so that nothing in it reaches further than this machine."""
    name: str = settings.MLREGISTRY_SERVING_NETWORK
    if not client.networks.list(names=[name]):
        client.networks.create(name, internal=True, check_duplicate=True)
    return name
