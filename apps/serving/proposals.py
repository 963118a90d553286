"""What can be proposed of deployments, in governance's words."""

from apps.governance.actions import Proposal
from apps.registry.models import ModelVersion
from apps.registry.proposals import MODEL_TYPE

DEPLOY = "serving.deploy"


def deploy(version: ModelVersion, name: str) -> Proposal:
    """Have the deployment of that name serve this version."""
    return Proposal(
        action=DEPLOY,
        object_type=MODEL_TYPE,
        object_id=version.model_id,
        object_name=version.model.name,
        target=name,
        subject_id=version.pk,
        subject_name=f"version {version.version}",
        payload={"version": version.version},
    )
