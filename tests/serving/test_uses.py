"""What is deployed stands there: it is not deleted, and renaming its model concerns whoever decides of that place."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.governance.models import ChangeRequest
from apps.registry.models import ModelVersion
from apps.registry.services import registered_models, versions
from apps.serving.services import deployments
from mlregistry.errors import AskedFor, BadRequest
from tests.governance.making import make_policy
from tests.serving.making import deployed

pytestmark = pytest.mark.django_db


def test_what_is_deployed_is_not_deleted_until_that_has_ended(version: ModelVersion, ada: User) -> None:
    rollout = deployed(version, "fraud-live", ada)
    delete: list[Any] = [
        lambda: versions.delete_version(version=version, by=ada.actor()),
        lambda: registered_models.delete_model(model=version.model, by=ada.actor()),
    ]
    for each in delete:
        with pytest.raises(BadRequest, match="is deployed to fraud-live"):
            each()
    deployments.stop(deployment=rollout.deployment, by=ada.actor())
    for each in delete:
        each()
    assert not ModelVersion.objects.filter(pk=version.pk).exists()


def test_renaming_what_serves_a_protected_deployment_takes_approval(
    version: ModelVersion, ada: User, root: User
) -> None:
    deployed(version, "fraud-live", ada)
    make_policy(root, models=["classifier"], protects={"deploy": ["fraud-*"]}, gates=[], slots={})
    with pytest.raises(AskedFor):
        registered_models.rename_model(model=version.model, name="other", by=ada.actor())
    assert ChangeRequest.objects.get().action == "registry.rename_model"


def test_renaming_what_serves_another_takes_none(version: ModelVersion, ada: User, root: User) -> None:
    deployed(version, "playground", ada)
    make_policy(root, models=["classifier"], protects={"deploy": ["fraud-*"]}, gates=[], slots={})
    registered_models.rename_model(model=version.model, name="other", by=ada.actor())
    assert ModelVersion.objects.get(pk=version.pk).model.name == "other"
