"""A model with two versions that differ in everything that pages compare, and a prompt with two."""

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.registry import sources
from apps.registry.choices import ContentState, Verdict
from apps.registry.models import ContentFile, ModelVersion, RegisteredModel, Sbom, Scan
from apps.registry.rules import PROMPT_TAG, PROMPT_TEXT_TAG
from apps.registry.services import cards, versions
from apps.tracking.entities import Param, Tag
from apps.tracking.models import Experiment
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.registry.making import give, make_registered, make_version, move, set_content
from tests.tracking.making import log, make_model, make_run, point

BY = system("tests")


def made_version(user: User, model: RegisteredModel, experiment: Experiment, number: int) -> ModelVersion:
    """A version of a run of its own, with everything that jobs would find out of its files."""
    run = make_run(experiment, user, name=f"run {number}")
    log(
        user,
        run,
        metrics=[point("accuracy", 0.5 + number / 10)],
        params=[Param(key="depth", value=str(number)), Param(key="kind", value="tree")],
    )
    logged = make_model(experiment, user, source_run_id=run.uuid)
    made = make_version(user, model, f"models:/{logged.model_id}", model_id=logged.model_id)
    signature = {
        "inputs": [{"name": "age", "type": "long", "required": True}, {"name": f"new{number}", "type": "double"}],
        "outputs": [{"name": "", "type": "tensor", "dtype": "float32", "shape": [-1, number]}],
        "params": [],
    }
    content = set_content(
        made,
        state=ContentState.SEALED,
        digest=str(number % 10) * 64,
        files_count=2,
        size=300,
        sealed_at=timezone.now(),
        verified_at=timezone.now(),
        mlmodel={"flavors": {"sklearn": {"sklearn_version": f"1.{number}"}}, "signature": signature},
        requirements=f"pandas==2.{number}\nnumpy==2.0\nscipy\n",
    )
    ContentFile.objects.create(content=content, path="MLmodel", size=100, sha256="a" * 64, marker="m")
    ContentFile.objects.create(content=content, path="model.pkl", size=200, sha256=str(number % 10) * 64, marker="m")
    Scan.objects.create(
        version=made,
        verdict=Verdict.CLEAN if number == 1 else Verdict.SUSPICIOUS,
        digest=content.digest,
        findings=[]
        if number == 1
        else [{"path": "model.pkl", "kind": "import", "severity": "critical", "detail": "It calls os.system."}],
        files_count=2,
        scanner="test",
        scanned_at=timezone.now(),
    )
    component = {"name": "pandas", "version": f"2.{number}", "purl": f"pkg:pypi/pandas@2.{number}"}
    Sbom.objects.create(
        version=made,
        document={"components": [component]},
        components_count=1,
        unpinned=["scipy"],
        made_at=timezone.now(),
    )
    cards.write_card(version=made, sections={"limits": f"# Limits\n\nnot after {number}"}, by=user.actor())
    return made


@pytest.fixture
def pair(ada: User, model: RegisteredModel, experiment: Experiment) -> tuple[ModelVersion, ModelVersion]:
    """Version 1, in Production and called champion; version 2, in Staging."""
    first, second = (made_version(ada, model, experiment, number) for number in (1, 2))
    move(ada, first, "Production")
    move(ada, second, "Staging")
    versions.set_alias(version=first, alias="champion", by=BY)
    versions.set_tag(version=second, key="checked", value="yes", by=BY)
    return first, second


@pytest.fixture
def prompt(ada: User) -> RegisteredModel:
    made = make_registered(ada, "greeting", tags=[Tag(key=PROMPT_TAG, value="true"), Tag(key="lang", value="en")])
    for text in ("Hello {{name}}.", "Dear {{ name }},\nit is {{day}}."):
        tags = [Tag(key=PROMPT_TAG, value="true"), Tag(key=PROMPT_TEXT_TAG, value=text)]
        versions.create_version(
            model=made, source=sources.prompt_source("dummy-source"), tags=tags, run_link="", description="", by=BY
        )
    return made


@pytest.fixture
def people(ada: User, bob: User, root: User, model: RegisteredModel, settings: object) -> dict[str, User]:
    """The four kinds of people, where nothing is given by default."""
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    editor = User.objects.create_user("ed", is_staff=True)
    reader = User.objects.create_user("rea", is_staff=True)
    give(editor, model, Level.EDIT)
    give(reader, model, Level.READ)
    return {"administrator": root, "manager": ada, "editor": editor, "reader": reader, "outsider": bob}
