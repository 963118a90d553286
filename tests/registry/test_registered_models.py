"""Creating, renaming, tagging and deleting registered models; each with its audit row and its permissions."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.registry.models import Alias, ModelVersion, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model, get_model_with_details, latest_versions
from apps.registry.rules import PROMPT_TAG
from apps.registry.services import registered_models, versions
from apps.tracking.entities import Tag
from mlregistry.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from mlregistry.levels import Level
from tests.registry.making import actions, make_registered, make_version, move


@pytest.mark.parametrize("level", [Level.MANAGE, Level.EDIT])
def test_whoever_creates_a_model_gets_what_the_setting_says(ada: User, settings: Any, level: Level) -> None:
    settings.MLREGISTRY_CREATOR_PERMISSION = level
    assert MODEL_GRANTS.held(make_registered(ada, "classifier"), ada) == level


def test_a_model_is_its_grantees_and_hidden_from_others(
    ada: User, bob: User, model: RegisteredModel, settings: Any
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS
    with pytest.raises(NotFound, match="Registered Model with name=classifier not found"):
        get_model(bob, "classifier", at_least=Level.READ)
    MODEL_GRANTS.set(target=model, holder=bob, level=Level.READ, by=ada.actor())
    assert get_model(bob, "classifier", at_least=Level.READ) == model
    with pytest.raises(PermissionDenied, match="needs EDIT on model classifier"):
        get_model(bob, "classifier", at_least=Level.EDIT)


def test_a_rename_takes_versions_aliases_and_grants_along(ada: User, model: RegisteredModel) -> None:
    version = make_version(ada, model)
    versions.set_alias(version=version, alias="champion", by=ada.actor())
    registered_models.rename_model(model=model, name="renamed", by=ada.actor())
    found = get_model(ada, "renamed", at_least=Level.MANAGE)
    assert [version.version for version in latest_versions([found])[found.pk]] == [1]
    assert [alias.name for alias in get_model_with_details(ada, "renamed").aliases.all()] == ["champion"]
    assert Entry.objects.get(action="registry.model.rename").details == {"old": "classifier", "new": "renamed"}


def test_two_models_cannot_have_one_name(ada: User, model: RegisteredModel) -> None:
    with pytest.raises(AlreadyExists, match=r"Registered Model \(name=classifier\) already exists"):
        make_registered(ada, "classifier")
    other = make_registered(ada, "other")
    with pytest.raises(AlreadyExists):
        registered_models.rename_model(model=other, name="classifier", by=ada.actor())
    assert get_model(ada, "other", at_least=Level.READ).name == "other"


def test_a_deleted_model_leaves_nothing_but_its_record(ada: User, model: RegisteredModel) -> None:
    version = make_version(ada, model)
    versions.set_alias(version=version, alias="champion", by=ada.actor())
    registered_models.delete_model(model=model, by=ada.actor())
    assert [table.objects.count() for table in (RegisteredModel, ModelVersion, Alias)] == [0, 0, 0]
    said = Entry.objects.get(action="registry.model.delete").details
    assert said == {"versions": [1], "version_ids": [version.pk]}


def test_what_is_a_prompt_is_what_its_tag_says(ada: User) -> None:
    made = make_registered(ada, "greeting", tags=[Tag(key=PROMPT_TAG, value="True")])
    assert made.is_prompt
    registered_models.delete_tag(model=made, key=PROMPT_TAG, by=ada.actor())
    assert not RegisteredModel.objects.get().is_prompt
    registered_models.set_tag(model=made, key=PROMPT_TAG, value="true", by=ada.actor())
    assert RegisteredModel.objects.get().is_prompt


def test_the_newest_version_of_each_stage_is_the_latest(ada: User, model: RegisteredModel) -> None:
    made = [make_version(ada, model) for _ in range(4)]
    for version, stage in zip(made, ("Production", "Staging", "Production", "None"), strict=True):
        move(ada, version, stage)
    assert {version.current_stage: version.version for version in latest_versions([model])[model.pk]} == {
        "Staging": 2,
        "Production": 3,
        "None": 4,
    }


@pytest.mark.parametrize("name", ["", " ", "a/b", "a:b", ".", "..", "n" * 257])
def test_a_name_that_cannot_be_is_refused_and_nothing_written(ada: User, name: str) -> None:
    with pytest.raises(InvalidParameter):
        make_registered(ada, name)
    assert not RegisteredModel.objects.exists()
    assert actions() == []


def test_everything_done_to_a_model_is_on_record(ada: User, model: RegisteredModel) -> None:
    by = ada.actor()
    registered_models.describe_model(model=model, description="what it is for", by=by)
    registered_models.set_tag(model=model, key="team", value="vision", by=by)
    registered_models.delete_tag(model=model, key="team", by=by)
    registered_models.delete_tag(model=model, key="team", by=by)  # there is none: nothing happens
    registered_models.rename_model(model=model, name="renamed", by=by)
    registered_models.delete_model(model=model, by=by)
    done = ["create", "describe", "set_tag", "delete_tag", "rename", "delete"]
    assert actions() == [f"registry.model.{verb}" for verb in done]
