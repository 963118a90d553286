"""Versions to test with. Their rows are written directly; sealing and reading are the server's own."""

from pathlib import Path

from apps.accounts.models import User
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import content
from apps.tracking.artifacts import services
from apps.tracking.artifacts.places import run_place
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.models import Run
from mlregistry.actor import system
from mlregistry.levels import Level

BY = system("test")
FILES = {
    "MLmodel": b"flavors: {}\n",
    "model.pkl": b"weights " * 1000,
    "data/example.json": b'{"a": 1}',
}


def put(user: User, run: Run, path: str, body: bytes) -> None:
    place = run_place(user, run.uuid, at_least=Level.EDIT)[0]
    services.upload(place=place.below(path), chunks=[body], by=user.actor())


def registered(location: str, name: str = "fraud") -> ModelVersion:
    """The next version of the model `name`, as the service makes it: with its content waiting to be read."""
    model, _ = RegisteredModel.objects.get_or_create(
        name=name, defaults={"creation_time": 1, "last_updated_time": 1, "created_by": "ada"}
    )
    model.last_version += 1
    model.save()
    version = ModelVersion.objects.create(
        model=model,
        version=model.last_version,
        creation_time=1000 + model.last_version,
        last_updated_time=1,
        user_id="ada",
        source=location,
        location=location,
    )
    content.register_content(version=version, by=BY)
    return version


def read(version: ModelVersion) -> ContentState | None:
    """Do what the job does."""
    return content.seal_content(version_pk=version.pk, progress=lambda *_: None)


def sealed(version: ModelVersion) -> ModelVersion:
    assert read(version) == ContentState.SEALED
    return ModelVersion.objects.get(pk=version.pk)


def folder(store: LocalStore, version: ModelVersion) -> Path:
    """Where the version's files lie on this machine."""
    return store.root / version.location.removeprefix("mlflow-artifacts:/")
