"""Deployments of what the demo's team has in Production, for a server whose worker reaches a Docker Engine."""

from apps.demo.catalogue import MODELS
from apps.registry.choices import PRODUCTION
from apps.registry.queries.versions import present
from apps.serving.services import deployments
from mlregistry.actor import Actor

MOST = 2
"""Each takes the worker minutes, and the engine a gigabyte."""


def deploy(by: Actor) -> list[str]:
    """Ask for them; the names under which they will answer."""
    named = [entry.name for entry in MODELS]
    versions = present().filter(current_stage=PRODUCTION, model__name__in=named).select_related("model")
    names = []
    for version in versions.order_by("model__name")[:MOST]:
        name = f"{version.model.name}-live"
        deployments.deploy(version=version, name=name, reason="What customers are served", by=by)
        names.append(name)
    return names
