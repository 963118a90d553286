"""What the registry brings to the home page, the search and the pages of runs."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import reverse

from apps.accounts.models import User
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.pages.brought import find_models, find_prompts, find_versions, models_in_production, versions_of_run
from apps.tracking.models import Run
from mlregistry.levels import Level
from tests.registry.making import give
from tests.registry.pages.visiting import read, visitor, words


def asking(user: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_models_are_a_section_of_the_navigation(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    assert f'<a href="{reverse("models")}" aria-current="true">Models</a>' in read(ada, "version", pair[0].model_id, 1)
    assert f'<a href="{reverse("models")}" aria-current="true">Models</a>' in read(ada, "prompts")


def test_home_shows_what_is_in_production(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    page = words(visitor(ada).get(reverse("admin:index")).content.decode())
    assert "Models in Production" in page
    assert "classifier v1 signed clean card" in page


def test_home_says_nothing_of_production_where_nothing_is_to_be_seen(
    ada: User, bob: User, pair: tuple[ModelVersion, ...], settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    assert models_in_production(asking(bob)) is None


@pytest.mark.parametrize("words_", ["classifier 2", "classifier version 2", "CLASS v2", "classifier@2", "classifier/2"])
def test_a_version_is_found_by_name_and_number(ada: User, pair: tuple[ModelVersion, ...], words_: str) -> None:
    assert [hit.title for hit in find_versions(asking(ada), words_)] == ["classifier 2"]


def test_a_version_is_found_by_alias_run_and_logged_model(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    for asked in ("classifier@champion", pair[0].run_id, pair[0].logged_model_id):
        (hit,) = find_versions(asking(ada), asked)
        assert (hit.title, hit.about) == ("classifier 1", "Production")
        assert hit.address == reverse("version", args=[pair[0].model_id, 1])


@pytest.mark.parametrize("asked", ["", "9" * 11, "a 99999999999", "x" * 5000, " " * 5000 + "1", "%", "a'b", "run 1"])
def test_what_names_no_version_finds_none(ada: User, pair: tuple[ModelVersion, ...], asked: str) -> None:
    assert list(find_versions(asking(ada), asked)) == []


def test_models_and_prompts_are_found_apart(ada: User, model: RegisteredModel, prompt: RegisteredModel) -> None:
    assert [hit.title for hit in find_models(asking(ada), "i")] == ["classifier"]
    assert [hit.title for hit in find_prompts(asking(ada), "i")] == ["greeting"]
    assert [hit.about for hit in find_prompts(asking(ada), "en")] == ["version 2"]


def test_what_is_hidden_is_found_by_no_search(
    ada: User, bob: User, pair: tuple[ModelVersion, ...], prompt: RegisteredModel, settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    request = asking(bob)
    assert list(find_models(request, "classifier")) == list(find_prompts(request, "greeting")) == []
    assert list(find_versions(request, "classifier 1")) == list(find_versions(request, pair[0].run_id)) == []


def test_a_run_shows_what_was_registered_from_it(ada: User, pair: tuple[ModelVersion, ...]) -> None:
    run = Run.objects.get(uuid=pair[0].run_id)
    panel = versions_of_run(asking(ada), run)
    assert panel is not None
    assert [str(version) for version in panel.context["versions"]] == ["classifier version 1"]
    assert panel.context["may_register"]


def test_a_run_shows_who_may_only_read_it_no_button_and_no_hidden_model(
    ada: User, bob: User, pair: tuple[ModelVersion, ...], settings: object
) -> None:
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS  # type: ignore[attr-defined]
    run = Run.objects.select_related("experiment").get(uuid=pair[0].run_id)
    give(bob, run.experiment, Level.READ)
    assert versions_of_run(asking(bob), run) is None
    give(bob, pair[0].model, Level.READ)
    panel = versions_of_run(asking(bob), run)
    assert panel is not None
    assert not panel.context["may_register"]
