"""Registering versions, moving them between stages, pointing aliases at them, deleting them."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.versions import get_version, get_version_by_alias, latest_in_stages
from apps.registry.services import versions
from apps.tracking.models import Run
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level
from tests.registry.making import actions, make_registered, make_version, move


def stages(model: RegisteredModel) -> dict[int, str]:
    return dict(ModelVersion.objects.filter(model=model).order_by("version").values_list("version", "current_stage"))


def test_a_version_says_who_registered_it_and_from_which_run(ada: User, model: RegisteredModel, run: Run) -> None:
    version = make_version(ada, model, source=f"runs:/{run.uuid}/model", run_id=run.uuid)
    assert (version.user_id, version.run_id) == ("ada", run.uuid)
    assert version.location == f"{run.artifact_uri}/model"


def test_the_number_of_a_deleted_version_is_never_given_again(ada: User, model: RegisteredModel) -> None:
    make_version(ada, model)
    versions.delete_version(version=make_version(ada, model), by=ada.actor())
    assert make_version(ada, model).version == 3


def test_each_model_counts_its_own_versions(ada: User, model: RegisteredModel) -> None:
    other = make_registered(ada, "other")
    assert [make_version(ada, each).version for each in (model, other, model)] == [1, 1, 2]


def test_moving_can_archive_what_was_there(ada: User, model: RegisteredModel) -> None:
    made = [make_version(ada, model) for _ in range(3)]
    for version in made:
        move(ada, version, "Production")
    move(ada, made[2], "production", archive=True)
    assert stages(model) == {1: "Archived", 2: "Archived", 3: "Production"}
    last = Entry.objects.filter(action="registry.version.set_stage").latest("sequence")
    assert last.details == {"before": "Production", "after": "Production", "archived": [1, 2]}


def test_archiving_is_for_stages_in_which_versions_serve(ada: User, model: RegisteredModel) -> None:
    version = make_version(ada, model)
    with pytest.raises(InvalidParameter, match="'Archived' is not an Active stage"):
        move(ada, version, "archived", archive=True)
    assert stages(model) == {1: "None"}


def test_there_are_more_stages_where_the_setting_names_them(ada: User, model: RegisteredModel, settings: Any) -> None:
    version = make_version(ada, model)
    with pytest.raises(InvalidParameter, match="Value must be one of None, Staging, Production, Archived"):
        move(ada, version, "Canary")
    settings.MLREGISTRY_STAGES = ("Canary",)
    move(ada, version, "canary", archive=True)
    assert [row.version for row in latest_in_stages(ada, "classifier", ["Canary"])] == [1]


def test_an_alias_moves_and_its_record_says_from_where(ada: User, model: RegisteredModel) -> None:
    first, second = make_version(ada, model), make_version(ada, model)
    versions.set_alias(version=first, alias="champion", by=ada.actor())
    versions.set_alias(version=second, alias="champion", by=ada.actor())
    assert get_version_by_alias(ada, "classifier", "champion").version == 2
    last = Entry.objects.filter(action="registry.alias.set").latest("sequence")
    assert last.details == {"alias": "champion", "before": 1, "after": 2}


def test_a_deleted_version_takes_its_aliases_and_says_nothing_more(ada: User, model: RegisteredModel) -> None:
    version = make_version(ada, model)
    versions.set_alias(version=version, alias="champion", by=ada.actor())
    versions.delete_version(version=version, by=ada.actor())
    with pytest.raises(NotFound, match=r"Model Version \(name=classifier, version=1\) not found"):
        get_version(ada, "classifier", "1", at_least=Level.READ)
    with pytest.raises(InvalidParameter, match="alias champion not found"):
        get_version_by_alias(ada, "classifier", "champion")
    row = ModelVersion.objects.get()
    assert (row.source, row.location, row.run_id, row.description) == ("", "", "", None)


def test_what_was_deleted_meanwhile_is_not_changed(ada: User, model: RegisteredModel) -> None:
    version = make_version(ada, model)
    stale = ModelVersion.objects.get(pk=version.pk)
    versions.delete_version(version=version, by=ada.actor())
    with pytest.raises(NotFound):
        move(ada, stale, "Production")
    with pytest.raises(NotFound):
        versions.set_alias(version=stale, alias="champion", by=ada.actor())
    assert stages(model) == {1: "Deleted_Internal"}


def test_everything_done_to_a_version_is_on_record(ada: User, model: RegisteredModel) -> None:
    by, version = ada.actor(), make_version(ada, model)
    versions.describe_version(version=version, description="better", by=by)
    versions.set_tag(version=version, key="a", value="1", by=by)
    versions.delete_tag(version=version, key="a", by=by)
    versions.set_alias(version=version, alias="champion", by=by)
    versions.delete_alias(model=model, alias="champion", by=by)
    versions.delete_alias(model=model, alias="champion", by=by)  # there is none: nothing happens
    move(ada, version, "Staging")
    versions.delete_version(version=version, by=by)
    assert actions() == [
        "registry.model.create",
        "registry.version.create",
        "registry.version.describe",
        "registry.version.set_tag",
        "registry.version.delete_tag",
        "registry.alias.set",
        "registry.alias.delete",
        "registry.version.set_stage",
        "registry.version.delete",
    ]
