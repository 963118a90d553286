"""Carrying out rollouts: what the jobs do, and keeping what the engine runs in step with the rows.

The new container has to answer before the old one goes. A job may be cut short anywhere and run again: containers have
names and labels, so what an earlier attempt left is found.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone
from docker.errors import ImageNotFound
from docker.models.containers import Container

from apps.audit import services as audit
from apps.jobs.choices import ACTIVE
from apps.jobs.running import RunningJob
from apps.registry.models import Content
from apps.serving import announcements
from apps.serving.choices import COMING, RolloutState
from apps.serving.engine import containers
from apps.serving.engine.client import BuildFailed, Client, connected, remove
from apps.serving.models import Image, Rollout
from apps.serving.queries import ready_image
from apps.serving.rules import example_of
from apps.serving.services import images, leftovers
from apps.serving.services.deployments import end, fail
from mlregistry.actor import system
from mlregistry.errors import RegistryError

BY = system("deployments")


def roll_out(job: RunningJob) -> dict[str, Any]:
    """Start its image, ask it, and put it in the place of what is live."""
    rollout = Rollout.objects.select_related("deployment__model", "version__model").get(pk=job.payload["rollout"])
    try:
        if rollout.state in COMING and _take_up(rollout):
            _roll_out(rollout, job)
    except (RegistryError, OSError) as error:
        fail(rollout=rollout, why=error.message if isinstance(error, RegistryError) else str(error), by=BY)
        raise
    return {"deployment": rollout.deployment.name, "version": rollout.version.version, "state": rollout.state}


def _roll_out(rollout: Rollout, job: RunningJob) -> None:
    image = rollout.image = ready_image(rollout.version)
    if image is None:
        raise BuildFailed(f"There is no image of {rollout.version} as it is now.")
    content = Content.objects.get(version=rollout.version_id)
    with connected() as client:
        container = _start(client, rollout, image)
        try:
            containers.first_answer(container, example=example_of(content), check=job.check)
            rollout.container_id, rollout.address = container.id or "", containers.address_of(container)
            is_live = _go_live(rollout)
        except BaseException:
            remove(container)
            raise
        if not is_live:
            remove(container)
        leftovers.remove_unwanted(client)


@transaction.atomic
def _take_up(rollout: Rollout) -> bool:
    """Whether it still is to go live: no newer one has come meanwhile, and nobody has stopped it."""
    row = Rollout.objects.select_for_update(no_key=True).get(pk=rollout.pk)
    rollout.state = row.state
    if row.state not in COMING:
        return False
    if _newer(rollout):
        end([rollout], RolloutState.REPLACED, "A newer one came before it was live.")
        return False
    rollout.state = RolloutState.STARTING
    rollout.save(update_fields=["state"])
    return True


@transaction.atomic
def _go_live(rollout: Rollout) -> bool:
    """In the place of what is live; unless a newer one is, or somebody has stopped it."""
    deployment = rollout.deployment
    type(deployment).objects.select_for_update().get(pk=deployment.pk)
    if not _take_up(rollout):
        return False
    replaced = list(deployment.rollouts.filter(state=RolloutState.LIVE))
    end(replaced, RolloutState.REPLACED, f"Version {rollout.version.version} came in its place.")
    rollout.state, rollout.live_at, rollout.message = RolloutState.LIVE, timezone.now(), ""
    rollout.save(update_fields=["state", "live_at", "message", "image", "container_id", "address"])
    audit.record(
        "serving.deployment.live",
        target=deployment,
        by=BY,
        version=rollout.version.version,
        number=rollout.number,
        image=rollout.image_id,
    )
    announcements.went_live(rollout)
    return True


def _newer(rollout: Rollout) -> bool:
    standing = (*COMING, RolloutState.LIVE)
    return rollout.deployment.rollouts.filter(number__gt=rollout.number, state__in=standing).exists()


def tidy(job: RunningJob) -> dict[str, Any]:
    """Take down what nobody wants any more, and bring back what is gone."""
    images.end_given_up()
    _fail_given_up()
    live = list(Rollout.objects.filter(state=RolloutState.LIVE).select_related("deployment", "image", "version"))
    if not Image.objects.exists():
        return {}  # a server that serves nothing needs no engine
    with connected() as client:
        removed = leftovers.remove_unwanted(client)
        running = {container.id: container for container in leftovers.of_deployments(client)}
        restored = 0
        for rollout in live:
            job.check()
            try:
                restored += _keep_up(client, rollout, running.get(rollout.container_id))
            except ImageNotFound:
                job.log(f"{rollout} cannot be started again: the engine has its image no more. Deploy it anew.")
    return {"live": len(live), "removed": removed, "restored": restored}


def _keep_up(client: Client, rollout: Rollout, container: Container | None) -> bool:
    """Whether it had to be started again, or has moved."""
    image = rollout.image
    if container is None:
        rollout.refresh_from_db(fields=["state"])  # another may have gone live since it was listed
        if image is None or rollout.state != RolloutState.LIVE:
            return False
        container = _start(client, rollout, image)
    address = containers.address_of(container)
    if (container.id, address) == (rollout.container_id, rollout.address) or not address:
        return False
    rollout.container_id, rollout.address = container.id or "", address
    rollout.save(update_fields=["container_id", "address"])
    return True


def _fail_given_up() -> None:
    """Rollouts whose job ended without a word."""
    for rollout in (
        Rollout.objects.filter(state__in=COMING)
        .exclude(job__state__in=ACTIVE)
        .select_related("job", "deployment__model", "version")
    ):
        was = rollout.job.state if rollout.job else "forgotten"
        fail(rollout=rollout, why=f"It was given up: its job {was}.", by=BY)


def _start(client: Client, rollout: Rollout, image: Image) -> Container:
    name = f"mlregistry-{rollout.deployment.name}-{rollout.number}"
    return containers.run_deployed(client, image.engine_id, name=name, labels=leftovers.labels_of(rollout))
