"""The Docker Engine that `.ci/docker` sees to, for servers whose workers build images and run them."""

from collections.abc import Iterator
from contextlib import contextmanager

import docker

BASE = "mlregistry-base:bookworm"


@contextmanager
def serving_on(client: docker.DockerClient, network: str) -> Iterator[dict[str, str]]:
    """Settings of a server that deploys into `network`; afterwards that is gone, with all that runs in it."""
    try:
        yield {
            "MLREGISTRY_SERVING_BASE": BASE,
            "MLREGISTRY_SERVING_FETCH_NETWORK": "host",
            "MLREGISTRY_SERVING_NETWORK": network,
            "MLREGISTRY_SERVING_MEMORY": "1g",
        }
    finally:
        for found in client.networks.list(names=[network]):
            found.reload()
            for container in found.containers:
                container.remove(force=True)
            found.remove()
