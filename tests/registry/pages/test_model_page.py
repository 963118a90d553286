"""The page of one model, and what can be changed there."""

import pytest

from apps.accounts.models import Team, User
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.services import registered_models, versions
from apps.tracking.models import Experiment
from mlregistry.levels import Level
from tests.registry.making import actions, make_registered, make_version, move
from tests.registry.pages.conftest import made_version
from tests.registry.pages.visiting import HOSTILE, changed, read, statements, words


def test_a_model_shows_its_history_lanes_and_facts(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    page = words(read(ada, "model", pair[0].model_id))
    assert "None 0 empty Staging 1 v2 ada , just now Production 1 v1 ada , just now champion Archived 0" in page
    assert "v2 Staging signed not clean card 0.7 run 2 ada" in page
    assert "v1 Production champion signed clean card 0.6 run 1 ada" in page
    assert "Registered model owner ada" in page
    assert "the server ( tests ) pointed the alias champion at model classifier version 1" in page


def test_stages_of_the_settings_have_lanes_and_so_do_stages_they_named_once(
    ada: User, model: RegisteredModel, settings: object
) -> None:
    settings.MLREGISTRY_STAGES = ("Shadow",)  # type: ignore[attr-defined]
    move(ada, make_version(ada, model), "Shadow")
    assert "Production 0 empty Shadow 1 v1" in words(read(ada, "model", model.pk))
    settings.MLREGISTRY_STAGES = ()  # type: ignore[attr-defined]
    assert "Archived 0 empty Shadow 1 v1" in words(read(ada, "model", model.pk))


def test_a_lane_counts_what_it_has_no_room_for(ada: User, model: RegisteredModel) -> None:
    for _ in range(7):
        make_version(ada, model)
    assert "None 7 v7" in (page := words(read(ada, "model", model.pk)))
    assert "v4 ada , just now and 3 more" in page


def test_a_model_without_versions_says_how_to_register_one(ada: User, model: RegisteredModel) -> None:
    page = read(ada, "model", model.pk)
    assert "No versions yet" in page
    assert "registered_model_name=&#x27;classifier&#x27;" in page


def test_a_page_takes_as_many_statements_however_many_versions(
    ada: User, model: RegisteredModel, experiment: Experiment
) -> None:
    made_version(ada, model, experiment, 1)
    statements(ada, "model", model.pk)
    few = statements(ada, "model", model.pk)
    for number in range(2, 12):
        made_version(ada, model, experiment, number)
    assert statements(ada, "model", model.pk) == few <= 25


def test_a_description_is_rendered_and_its_scripts_are_words(ada: User, model: RegisteredModel) -> None:
    said = changed(ada, "model-describe", model.pk, description="**bold**\r\n<script>fired()</script>")
    assert said == ["The description is saved."]
    model.refresh_from_db()
    assert model.description == "**bold**\n<script>fired()</script>"
    page = read(ada, "model", model.pk)
    assert "<strong>bold</strong>" in page
    assert "<script>fired" not in page


def test_a_description_that_is_too_long_is_refused_in_words(ada: User, model: RegisteredModel) -> None:
    (said,) = changed(ada, "model-describe", model.pk, description="x" * 5001)
    assert "maximum length of 5000" in said
    model.refresh_from_db()
    assert model.description == ""


def test_tags_are_set_and_removed(ada: User, model: RegisteredModel) -> None:
    assert changed(ada, "model-tag", model.pk, key="team", value="vision") == ["The tag is set."]
    assert "team vision" in words(read(ada, "model", model.pk))
    assert changed(ada, "model-untag", model.pk, key="team") == ["The tag is removed."]
    assert not model.tags.exists()
    assert changed(ada, "model-tag", model.pk, key="", value="vision") == ["A tag needs a key."]
    assert "Invalid value" in changed(ada, "model-tag", model.pk, key="../x", value="")[0]


def test_a_model_is_renamed_unless_the_name_is_taken(ada: User, model: RegisteredModel) -> None:
    make_registered(ada, "taken")
    assert changed(ada, "model-rename", model.pk, name="renamed") == ["It has its new name."]
    assert "already exists" in changed(ada, "model-rename", model.pk, name="taken")[0]
    model.refresh_from_db()
    assert model.name == "renamed"


def test_a_model_is_deleted_once_its_name_was_typed(ada: User, model: RegisteredModel) -> None:
    assert "is not its name" in changed(ada, "model-delete", model.pk, name="clasifier")[0]
    assert RegisteredModel.objects.filter(pk=model.pk).exists()
    assert changed(ada, "model-delete", model.pk, name=" classifier ") == ["The model is deleted."]
    assert not RegisteredModel.objects.filter(pk=model.pk).exists()


def test_a_name_that_no_box_of_one_line_can_hold_is_typed_as_far_as_it_can(ada: User) -> None:
    model = make_registered(ada, "two\n lines")
    assert changed(ada, "model-delete", model.pk, name="two lines") == ["The model is deleted."]


def test_levels_are_given_changed_and_taken_back(ada: User, bob: User, model: RegisteredModel) -> None:
    team = Team.objects.create(name="reds")
    assert changed(ada, "model-grant", model.pk, kind="user", holder="bob", level="READ") == [
        "The permission is saved."
    ]
    changed(ada, "model-grant", model.pk, kind="team", holder="reds", level="EDIT")
    changed(ada, "model-grant", model.pk, kind="user", holder="bob", level="USE")
    assert (MODEL_GRANTS.held(model, bob), MODEL_GRANTS.held(model, team)) == (Level.USE, Level.EDIT)
    page = words(read(ada, "model", model.pk))
    assert "reds team" in page
    said = changed(ada, "model-take-back", model.pk, kind="user", holder="bob")
    assert said == ["The permission is taken back."]
    assert MODEL_GRANTS.held(model, bob) is None


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "user", "holder": "nobody", "level": "READ"}, "There is nobody called “nobody”."),
        ({"kind": "team", "holder": "ada", "level": "READ"}, "There is nobody called “ada”."),
        ({"kind": "user", "holder": "bob", "level": "ALL"}, "Invalid permission 'ALL'"),
        ({}, "There is nobody called “”."),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_in_words(
    ada: User, bob: User, model: RegisteredModel, form: dict[str, str], said: str
) -> None:
    before = actions()
    assert changed(ada, "model-grant", model.pk, **form)[0].startswith(said)
    assert actions() == before


def test_activity_of_a_deleted_version_is_still_told(ada: User, model: RegisteredModel) -> None:
    version = make_version(ada, model)
    versions.delete_version(version=version, by=ada.actor())
    page = words(read(ada, "model", model.pk))
    assert f"ada deleted model {model.name} version 1" in page
    assert f"ada registered model {model.name} version 1" in page


def test_hostile_texts_are_words_on_a_model_and_its_version(ada: User) -> None:
    model = make_registered(ada, HOSTILE.replace("/", "|"))
    registered_models.set_tag(model=model, key="k", value=HOSTILE, by=ada.actor())
    version = make_version(ada, model)
    versions.describe_version(version=version, description=HOSTILE, by=ada.actor())
    versions.set_tag(version=version, key="k", value=HOSTILE, by=ada.actor())
    for name, more in (("model", ()), ("version", (1,)), ("versions-diff", ())):
        page = read(ada, name, model.pk, *more)
        assert "<script>fired" not in page
        assert "&lt;script&gt;fired" in page
