"""Four people who open the pages of a run, and a run with something of everything."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from apps.accounts.models import User
from apps.tracking.artifacts.stores.local import LocalStore
from apps.tracking.entities import Dataset, DatasetInput, InputTag, ModelInput, ModelOutput, Param, Tag
from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.services import inputs
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.tracking.making import log, make_experiment, make_model, make_run, point, row

CANARY = "<script>window.fired=1</script><img src=x onerror=window.fired=1>"


def signed_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[-1])
    return client


def put(store: LocalStore, place: str, content: bytes, *, below: str) -> None:
    """A file as if it had been uploaded below the location `below`."""
    store.write(f"{below.removeprefix('mlflow-artifacts:/')}/{place}", [content])


@pytest.fixture
def people(root: User, settings: Any) -> dict[str, User]:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS
    others = {name: User.objects.create_user(name, is_staff=True) for name in ("editor", "reader", "outsider")}
    return {"admin": root, **others}


@pytest.fixture
def own(people: dict[str, User], store: LocalStore) -> Experiment:
    made = make_experiment(people["admin"], "churn")
    for name, level in (("editor", Level.EDIT), ("reader", Level.READ)):
        EXPERIMENT_GRANTS.set(target=made, holder=people[name], level=level, by=system("tests"))
    return made


@pytest.fixture
def model(own: Experiment, people: dict[str, User]) -> LoggedModel:
    return make_model(own, people["admin"])


@pytest.fixture
def run(own: Experiment, people: dict[str, User], model: LoggedModel) -> Run:
    """A run whose every text is a script."""
    admin = people["admin"]
    made = make_run(own, admin, name=f"fitted {CANARY}")
    log(
        admin,
        made,
        metrics=[point("train/loss", 0.5, step=step, timestamp=step * 1000) for step in range(5)]
        + [point("system/cpu", 40.0), point("val/loss", float("nan"), step=1)],
        params=[Param(key="depth", value=CANARY)],
        tags=[
            Tag(key="stage", value=CANARY),
            Tag(key="mlflow.note.content", value=f"# Notes\n\n**bold** {CANARY}"),
            Tag(key="mlflow.source.name", value="train.py"),
            Tag(key="mlflow.source.git.commit", value="4f3c2b1a9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a"),
        ],
    )
    taken = Dataset(name=CANARY, digest="d1", source_type="local", source=CANARY, schema='{"mlflow_colspec": 7}')
    inputs.log_inputs(
        run=row(admin, made),
        datasets=[DatasetInput(dataset=taken, tags=[InputTag(key="mlflow.data.context", value="training")])],
        models=[ModelInput(model_id=model.model_id)],
        user=admin,
    )
    inputs.log_outputs(run=row(admin, made), models=[ModelOutput(model_id=model.model_id)], user=admin)
    return made
