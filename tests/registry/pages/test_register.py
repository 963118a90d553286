"""Registering a model from a run."""

from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.registry.models import ModelVersion, RegisteredModel
from apps.tracking.models import ArtifactFile, Experiment, LoggedModel, Run
from mlregistry.levels import Level
from tests.registry.making import actions, give, make_registered
from tests.registry.pages.visiting import messages, read, sent, visitor, words
from tests.tracking.making import make_model, make_run


def send(user: User, run: Run, **form: str) -> Any:
    return sent(user, "register-run", run.uuid, **form)


def add_mlmodel(run: Run, folder: str) -> None:
    ArtifactFile.objects.create(
        experiment_id=run.experiment_id,
        uri=f"{run.artifact_uri}/{folder}/MLmodel",
        size=1,
        marker="m",
        uploaded_at=1,
        uploaded_by="ada",
    )


def test_a_run_without_models_says_how_to_log_one(ada: User, run: Run) -> None:
    page = read(ada, "register-run", run.uuid)
    assert "This run has logged no model" in page
    assert f'run_id="{run.uuid}"' in page


def test_the_one_model_of_a_run_is_chosen_and_a_name_proposed(ada: User, experiment: Experiment, run: Run) -> None:
    made = make_model(experiment, ada, source_run_id=run.uuid)
    page = read(ada, "register-run", run.uuid)
    assert f'value="models:/{made.model_id}" checked' in page
    assert 'name="name" value="first"' in page


def test_a_new_name_makes_a_model_and_its_first_version(ada: User, experiment: Experiment, run: Run) -> None:
    made = make_model(experiment, ada, source_run_id=run.uuid)
    answer = send(ada, run, source=f"models:/{made.model_id}", name="brand new", description="why\r\nnot")
    assert messages(answer) == ["Registered: this is version 1."]
    version = ModelVersion.objects.get(model__name="brand new")
    assert (version.run_id, version.logged_model_id, version.description) == (run.uuid, made.model_id, "why\nnot")
    assert answer.request["PATH_INFO"] == reverse("version", args=[version.model_id, 1])


def test_a_name_that_is_there_gets_its_next_version_and_is_proposed_from_then_on(
    ada: User, experiment: Experiment, run: Run, model: RegisteredModel
) -> None:
    made = make_model(experiment, ada, source_run_id=run.uuid)
    for number in (1, 2):
        answer = send(ada, run, source=f"models:/{made.model_id}", name="classifier")
        assert messages(answer) == [f"Registered: this is version {number}."]
    other = make_run(experiment, ada)
    make_model(experiment, ada, source_run_id=other.uuid)
    assert 'name="name" value="classifier"' in read(ada, "register-run", other.uuid)


def test_a_folder_of_artifacts_with_an_mlmodel_can_be_registered(ada: User, run: Run) -> None:
    add_mlmodel(run, "old/style")
    assert "old/style in the artifacts of the run" in words(read(ada, "register-run", run.uuid))
    send(ada, run, source=f"runs:/{run.uuid}/old/style", name="from files")
    version = ModelVersion.objects.get(model__name="from files")
    assert (version.run_id, version.location) == (run.uuid, f"{run.artifact_uri}/old/style")


@pytest.fixture
def taken(ada: User, bob: User, run: Run, prompt: RegisteredModel, settings: Any) -> Run:
    """A run of Ada's with a model, where names are taken by a prompt, and by models of Bob's."""
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS
    make_model(run.experiment, ada, source_run_id=run.uuid)
    make_registered(bob, "hidden")
    give(ada, make_registered(bob, "readable"), Level.READ)
    return run


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "a/b"}, "Names cannot contain"),
        ({"name": ""}, "Give the model a name."),
        ({"name": "x" * 257}, "at most 256 characters"),
        ({"name": "greeting"}, "A prompt is called so"),
        ({"name": "hidden"}, "already exists"),
        ({"name": "readable"}, "this needs EDIT"),
        ({"source": ""}, "Choose what to register."),
        ({"source": "runs:/0123/elsewhere"}, "Select a valid choice"),
        ({"source": "s3://bucket/model"}, "Select a valid choice"),
    ],
)
def test_what_is_refused_is_said_in_its_place_and_nothing_is_made(
    taken: Run, ada: User, form: dict[str, str], said: str
) -> None:
    run, source = taken, f"models:/{LoggedModel.objects.get().model_id}"
    before = actions()
    answer = send(ada, run, **({"source": source, "name": "fine"} | form))
    assert answer.status_code == 400
    assert said in words(answer.content.decode())
    assert actions() == before


def test_whoever_may_only_read_the_run_cannot_register_it(
    ada: User, bob: User, experiment: Experiment, run: Run, settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    address = reverse("register-run", args=[run.uuid])
    assert visitor(bob).get(address).status_code == 404
    give(bob, experiment, Level.READ)
    assert visitor(bob).get(address).status_code == 403
    assert visitor(bob).post(address, {"source": "x", "name": "y"}).status_code == 403


def test_names_that_are_proposed_are_of_models_that_one_may_add_to(
    ada: User, bob: User, experiment: Experiment, run: Run
) -> None:
    make_model(experiment, ada, source_run_id=run.uuid)
    make_registered(bob, "bobs own")
    make_registered(ada, "adas own")
    page = read(ada, "register-run", run.uuid)
    assert 'value="adas own"' in page
    assert "bobs own" not in page
