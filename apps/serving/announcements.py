"""What webhooks are told of deployments: each rollout that is live, failed or stopped, as it becomes so.

What came in the place of another is told; what it replaced is not.
"""

from collections.abc import Iterable
from typing import Any

from apps.registry import events
from apps.registry.services.webhooks import emit
from apps.serving.models import Rollout
from mlregistry.actor import Actor


def went_live(rollout: Rollout) -> None:
    emit(events.DEPLOYMENT_LIVE, about=rollout.deployment.model.name, data=_named(rollout))


def failed(rollout: Rollout) -> None:
    told = _named(rollout) | {"message": rollout.message}
    emit(events.DEPLOYMENT_FAILED, about=rollout.deployment.model.name, data=told)


def stopped(rollouts: Iterable[Rollout], by: Actor) -> None:
    """Of each one message: with what is live also what was to come in its place is stopped."""
    for rollout in rollouts:
        told = _named(rollout) | {"by": by.username}
        emit(events.DEPLOYMENT_STOPPED, about=rollout.deployment.model.name, data=told)


def _named(rollout: Rollout) -> dict[str, Any]:
    return {
        "name": rollout.deployment.name,
        "model": rollout.deployment.model.name,
        "version": str(rollout.version.version),
        "number": rollout.number,
    }
