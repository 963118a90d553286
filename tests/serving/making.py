"""Versions that can be served, and what workers would make of them, where there is no Docker Engine."""

from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import cards, content, inspection
from apps.serving.choices import ImageState, RolloutState
from apps.serving.models import Image, Rollout
from apps.serving.services import deployments
from apps.tracking.artifacts import services as artifacts
from apps.tracking.artifacts.places import run_place
from apps.tracking.models import Run
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.registry.making import make_version
from tests.scorer import ADDRESS

BY = system("test")
MLMODEL = b"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"


def servable(user: User, model: RegisteredModel, run: Run) -> ModelVersion:
    """The next version of the model, of a folder of the run's that nothing else is made of; read and looked into."""
    place = run_place(user, run.uuid, at_least=Level.EDIT)[0]
    folder = f"{model.name}-{model.versions.count()}"
    for path, body in {"MLmodel": MLMODEL, "requirements.txt": b"numpy==2.1.0\n"}.items():
        artifacts.upload(place=place.below(f"{folder}/{path}"), chunks=[body], by=user.actor())
    version = make_version(user, model, f"{run.artifact_uri}/{folder}", run_id=run.uuid)
    assert content.seal_content(version_pk=version.pk, progress=lambda *_: None) == ContentState.SEALED
    assert inspection.inspect(version_pk=version.pk) is not None
    cards.prefill_card(version=version)
    return ModelVersion.objects.select_related("model").get(pk=version.pk)


def built(version: ModelVersion, **fields: Any) -> Image:
    """An image of what the version's files are now; the one that is being built, if there is one."""
    building = Image.objects.filter(version=version, state=ImageState.BUILDING).first()
    image = building or Image(version=version, requested_by="ada")
    image.state, image.digest, image.finished_at = ImageState.READY, version.content.digest, timezone.now()
    for name, value in fields.items():
        setattr(image, name, value)
    image.save()
    deployments.go_on(image=image, by=BY)
    return image


def deployed(version: ModelVersion, name: str, by: User) -> Rollout:
    """The version, live under this name."""
    built(version)
    rollout = deployments.deploy(version=version, name=name, by=by.actor())
    go_live(rollout)
    return rollout


def go_live(rollout: Rollout) -> None:
    replaced = rollout.deployment.rollouts.filter(state=RolloutState.LIVE)
    replaced.update(state=RolloutState.REPLACED, ended_at=timezone.now())
    live = {"state": RolloutState.LIVE, "live_at": timezone.now(), "address": ADDRESS}
    Rollout.objects.filter(pk=rollout.pk).update(**live)
