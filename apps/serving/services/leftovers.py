"""Which containers of the engine are this server's, and removing those that nobody wants any more.

Jobs may be cut short anywhere, and engines serve more than one server: each container says by its labels whose it is.
"""

from docker.models.containers import Container

from apps.serving.choices import STANDING, ImageState
from apps.serving.engine import containers
from apps.serving.engine.client import Client, remove
from apps.serving.models import Image, Rollout
from mlregistry import signing


def labels_of(about: Image | Rollout) -> dict[str, str]:
    """A server is known by the key that it signs with."""
    label = containers.IMAGE if isinstance(about, Image) else containers.ROLLOUT
    return {containers.SERVER: next(iter(signing.public_keys())), label: str(about.pk)}


def of_deployments(client: Client) -> list[Container]:
    return _ours(client, containers.ROLLOUT)


def remove_unwanted(client: Client) -> int:
    """Away with what belongs to no build that goes on, and to no rollout that is live or coming; how many."""
    building = set(Image.objects.filter(state=ImageState.BUILDING).values_list("pk", flat=True))
    standing = set(Rollout.objects.filter(state__in=STANDING).values_list("pk", flat=True))
    unwanted = [
        *(each for each in _ours(client, containers.IMAGE) if int(each.labels[containers.IMAGE]) not in building),
        *(each for each in of_deployments(client) if int(each.labels[containers.ROLLOUT]) not in standing),
    ]
    for container in unwanted:
        remove(container)
    return len(unwanted)


def remove_of(client: Client, image: Image) -> None:
    """What an earlier attempt at building it has left."""
    for container in _ours(client, containers.IMAGE):
        if container.labels[containers.IMAGE] == str(image.pk):
            remove(container)


def _ours(client: Client, label: str) -> list[Container]:
    """Also what was started when the server signed with an earlier key."""
    keys = signing.public_keys()
    return [each for each in containers.labelled(client, label) if each.labels[containers.SERVER] in keys]
