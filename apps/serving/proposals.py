"""What can be proposed of deployments, in governance's words."""

from apps.governance.actions import Proposal
from apps.registry.models import ModelVersion
from apps.registry.proposals import of_version

DEPLOY = "serving.deploy"


def deploy(version: ModelVersion, name: str) -> Proposal:
    """Have the deployment of that name serve this version."""
    return of_version(DEPLOY, version, name)
