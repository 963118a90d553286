"""Asking for champions to be deployed: a worker that reaches a Docker Engine does the rest."""

from apps.demo.catalogue import MODELS
from apps.demo.registering import CHAMPION
from apps.demo.team import Staff
from apps.registry.models import ModelVersion
from apps.serving.services import deployments


def deploy_champions(staff: Staff) -> list[str]:
    """Each by the person whose model it is; returns the names of the deployments."""
    asked = []
    for entry in MODELS:
        champion = ModelVersion.objects.filter(model__name=entry.name, aliases__name=CHAMPION).select_related("model")
        if entry.deployment and (version := champion.first()) is not None:
            deployments.deploy(
                version=version, name=entry.deployment, by=staff.actor(entry.owner), reason="The champion."
            )
            asked.append(entry.deployment)
    return asked
