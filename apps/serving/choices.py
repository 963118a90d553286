"""The states of images and rollouts."""

from django.db import models


class ImageState(models.TextChoices):
    """building -> ready, when it was built and has answered, or failed."""

    BUILDING = "building", "being built"
    READY = "ready", "ready"
    FAILED = "failed", "failed"


class RolloutState(models.TextChoices):
    """waiting -> starting -> live -> replaced or stopped; failed, or replaced by a newer one, before it was live."""

    WAITING = "waiting", "waiting"
    STARTING = "starting", "starting"
    LIVE = "live", "live"
    REPLACED = "replaced", "replaced"
    STOPPED = "stopped", "stopped"
    FAILED = "failed", "failed"


COMING = (RolloutState.WAITING, RolloutState.STARTING)
"""Of these a container is still to come."""
STANDING = (*COMING, RolloutState.LIVE)
"""What a deployment serves, or is about to."""
